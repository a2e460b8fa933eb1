"""Puts the daemon's program into the wheel. scripts/wheel names the program, the notices and the platform."""

from __future__ import annotations

import os
import pathlib
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ProgramHook(BuildHookInterface[Any]):
  """The program becomes a script of the wheel, which pip puts into the `bin` of the environment.

  BEAT_WATCH_PROGRAM: the program, a file named `beat-watch`.
  REACTIVEBEAT_PLATFORM: the platform tag, such as `manylinux_2_34_x86_64`.
  REACTIVEBEAT_NOTICES: a folder with the licenses of what the program contains.
  """

  def initialize(self, version: str, build_data: dict[str, Any]) -> None:
    # An installation in place is a developer's, who has built the program and has it on PATH.
    if version == "editable":
      return
    program = pathlib.Path(named("BEAT_WATCH_PROGRAM"))
    if program.name != "beat-watch" or not os.access(program, os.X_OK):
      raise SystemExit(f"BEAT_WATCH_PROGRAM: {program} is no program named beat-watch")
    build_data["pure_python"] = False
    build_data["tag"] = f"py3-none-{named('REACTIVEBEAT_PLATFORM')}"
    build_data["shared_scripts"][str(program)] = program.name
    licenses = f"reactivebeat-{self.metadata.version}.dist-info/licenses"
    for notice in sorted(pathlib.Path(named("REACTIVEBEAT_NOTICES")).iterdir()):
      build_data["force_include"][str(notice)] = f"{licenses}/{notice.name}"


def named(variable: str) -> str:
  """The variable's value. Raises SystemExit if there is none, since a wheel without the daemon is of no use."""
  value = os.environ.get(variable)
  if not value:
    raise SystemExit(f"{variable} is not set: build the wheel with scripts/wheel")
  return value
