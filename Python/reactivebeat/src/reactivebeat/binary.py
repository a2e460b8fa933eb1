"""Where the daemon's program is, and which environment it needs."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import shutil
import sysconfig
from typing import Mapping

from .errors import ReactiveBeatError

NAME = "beat-watch"
SYSTEM_ZONES = "/usr/share/zoneinfo"


class ProgramMissing(ReactiveBeatError):
  """There is no beat-watch. The text says what to do."""


def program() -> str:
  """The path of beat-watch: the one that was installed with this package, else the one on PATH.

  Raises ProgramMissing if there is neither.
  """
  package = pathlib.Path(__file__).resolve().parent.parent
  for folder in _script_folders(package):
    path = os.path.join(folder, NAME)
    if os.path.isfile(path) and os.access(path, os.X_OK):
      return path
  found = shutil.which(NAME)
  if found is None:
    raise ProgramMissing(
      f"{NAME} is neither where the Python package was installed ({package}) nor on PATH: install the package from its "
      "wheel, which has the program inside, or put the program into a folder of PATH")
  return found


def _script_folders(package: pathlib.Path) -> list[str]:
  """Where an installer puts the programs of packages that lie in `package`.

  An environment, the system and a user's own folder (`--user`) each have a scheme of paths. A `--target` has none: pip
  makes a folder `bin` in it.
  """
  folders = []
  for scheme in sysconfig.get_scheme_names():
    paths = sysconfig.get_paths(scheme)
    if any(package == pathlib.Path(paths[kind]).resolve() for kind in ("purelib", "platlib")):
      folders.append(paths["scripts"])
  return [*folders, str(package / "bin")]


def environment(base: Mapping[str, str] | None = None, system_zones: str = SYSTEM_ZONES) -> dict[str, str]:
  """The environment for the daemon: `base` (None: this process'), and TZDIR where the system has no zones.

  The daemon reads the rules of time zones from the system's files. A slim image has none, but often the package
  tzdata, which has the same files: Celery before 5.7 depends on it. A TZDIR that is set stays.
  """
  result = dict(os.environ if base is None else base)
  if "TZDIR" not in result and not os.path.isfile(os.path.join(system_zones, "Etc/UTC")):
    zones = _packaged_zones()
    if zones is not None:
      result["TZDIR"] = zones
  return result


def _packaged_zones() -> str | None:
  """The folder of zones of the package tzdata, if it is installed."""
  package = importlib.util.find_spec("tzdata")
  for folder in (package and package.submodule_search_locations) or ():
    zones = os.path.join(folder, "zoneinfo")
    if os.path.isfile(os.path.join(zones, "Etc/UTC")):
      return zones
  return None
