"""Where the program is looked for, and which environment it gets."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

from reactivebeat import binary


def test_the_program_on_path_serves_where_none_is_installed(tmp_path: pathlib.Path,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
  program = tmp_path / "beat-watch"
  program.touch(0o755)
  monkeypatch.setenv("PATH", str(tmp_path))
  assert binary.program() == str(program)


def test_without_a_program_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.setenv("PATH", "/nowhere")
  with pytest.raises(binary.ProgramMissing, match="install the package from its wheel"):
    binary.program()
  done = subprocess.run([sys.executable, "-m", "reactivebeat", "run"], stderr=subprocess.PIPE, text=True)
  assert done.returncode == 127
  assert done.stderr.startswith("reactivebeat: beat-watch is neither ")
  assert len(done.stderr.splitlines()) == 1


def folder_of_zones(path: pathlib.Path) -> pathlib.Path:
  (path / "Etc").mkdir(parents=True)
  (path / "Etc/UTC").touch()
  return path


@pytest.fixture
def packaged_zones(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
  """The folder of zones of a package tzdata, which is installed here."""
  zones = folder_of_zones(tmp_path / "site-packages/tzdata/zoneinfo")
  (zones.parent / "__init__.py").touch()
  monkeypatch.syspath_prepend(str(zones.parent.parent))
  monkeypatch.delitem(sys.modules, "tzdata", raising=False)
  return zones


def test_the_package_tzdata_serves_where_the_system_has_no_zones(packaged_zones: pathlib.Path) -> None:
  assert binary.environment({"A": "b"}, system_zones="/nowhere") == {"A": "b", "TZDIR": str(packaged_zones)}


def test_the_systems_zones_are_taken_before_the_packages(packaged_zones: pathlib.Path, tmp_path: pathlib.Path) -> None:
  system = folder_of_zones(tmp_path / "usr/share/zoneinfo")
  assert binary.environment({"A": "b"}, system_zones=str(system)) == {"A": "b"}


def test_a_folder_of_zones_that_is_named_stays(packaged_zones: pathlib.Path) -> None:
  assert binary.environment({"TZDIR": "/mine"}, system_zones="/nowhere") == {"TZDIR": "/mine"}


def test_without_any_zones_the_environment_stays(monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
  monkeypatch.setenv("A", "b")
  monkeypatch.delenv("TZDIR", raising=False)
  assert binary.environment(system_zones="/nowhere") == dict(os.environ)


def test_the_daemon_reads_the_zones_of_the_package(beat_watch: pathlib.Path, tmp_path: pathlib.Path) -> None:
  """The daemon's own answer, without and with a folder that has the zone."""
  document = (
    '{"name": "a", "task": "t", "enabled": true, "crontab": {"hour": 3, "minute": 0}, "timezone": "Europe/Berlin"}')

  def verdict(zones: pathlib.Path) -> int:
    return subprocess.run(
      [str(beat_watch), "lint", "-"], input=document, env={**os.environ, "TZDIR": str(zones)}, text=True,
      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

  assert verdict(tmp_path) != 0
  zones = folder_of_zones(tmp_path / "zoneinfo")
  (zones / "Europe").mkdir()
  folder = binary.environment({}).get("TZDIR", binary.SYSTEM_ZONES)
  (zones / "Europe/Berlin").write_bytes(pathlib.Path(folder, "Europe/Berlin").read_bytes())
  assert verdict(zones) == 0
