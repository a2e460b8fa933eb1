"""The wheel, with a short program in the daemon's place: what is in it, and what installers make of it."""

from __future__ import annotations

import email
import os
import pathlib
import subprocess
import sys
import sysconfig
import zipfile

import pytest
from conftest import PROJECT

import reactivebeat

PROGRAM = '#!/bin/sh\necho "$0 $*"\n'
PLATFORM = sysconfig.get_platform().replace("-", "_")
VERSION = reactivebeat.__version__


def build(folder: pathlib.Path, **variables: str) -> subprocess.CompletedProcess[str]:
  """Builds the wheel as scripts/wheel does."""
  return subprocess.run(
    [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")],
    cwd=PROJECT / "Python/reactivebeat", env={**os.environ, **variables}, stdin=subprocess.DEVNULL,
    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def variables(folder: pathlib.Path) -> dict[str, str]:
  """What scripts/wheel names: a program, its notices, the platform of this machine."""
  program = folder / "beat-watch"
  program.write_text(PROGRAM)
  program.chmod(0o755)
  notices = folder / "notices"
  notices.mkdir()
  (notices / "hiredis.txt").write_text("a license")
  return {
    "BEAT_WATCH_PROGRAM": str(program), "REACTIVEBEAT_NOTICES": str(notices), "REACTIVEBEAT_PLATFORM": PLATFORM}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
  folder = tmp_path_factory.mktemp("wheel")
  done = build(folder, **variables(folder))
  assert done.returncode == 0, done.stdout
  return next((folder / "dist").iterdir())


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
  """An environment of the test's own, so that pip does not touch the one that the tests run in."""
  folder = tmp_path_factory.mktemp("environment")
  subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
  return folder


def install(wheel: pathlib.Path, environment: pathlib.Path, *options: str) -> None:
  subprocess.run(
    [sys.executable, "-m", "pip", "--python", str(environment / "bin/python"), "install", "--quiet", "--no-input",
     "--no-deps", "--no-index", "--disable-pip-version-check", "--ignore-installed", *options, str(wheel)],
    check=True, stdin=subprocess.DEVNULL)


def printed(environment: pathlib.Path, package: pathlib.Path, *arguments: str, **variables: str) -> str:
  """What `python -m reactivebeat` prints with the package of this folder, whose dependencies are this process'."""
  path = os.pathsep.join([str(package), sysconfig.get_path("purelib")])
  return subprocess.run(
    [str(environment / "bin/python"), "-m", "reactivebeat", *arguments], stdin=subprocess.DEVNULL,
    env={**os.environ, "PYTHONPATH": path, **variables}, stdout=subprocess.PIPE, check=True, text=True).stdout


def packages_of(prefix: pathlib.Path) -> pathlib.Path:
  return prefix / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


def test_its_name_says_version_and_platform(wheel: pathlib.Path) -> None:
  assert wheel.name == f"reactivebeat-{VERSION}-py3-none-{PLATFORM}.whl"


def test_it_has_the_program_the_modules_the_scripts_of_redis_and_the_licenses(wheel: pathlib.Path) -> None:
  with zipfile.ZipFile(wheel) as file:
    contents = {entry.filename: entry for entry in file.infolist()}
    program = f"reactivebeat-{VERSION}.data/scripts/beat-watch"
    assert file.read(program).decode() == PROGRAM
    assert contents[program].external_attr >> 16 & 0o111 == 0o111
    assert file.read(f"reactivebeat-{VERSION}.dist-info/licenses/hiredis.txt") == b"a license"
    metadata = email.message_from_bytes(file.read(f"reactivebeat-{VERSION}.dist-info/METADATA"))
    assert (metadata["Name"], metadata["Version"], metadata["Requires-Python"]) == ("reactivebeat", VERSION, ">=3.9")
    assert metadata.get_all("Requires-Dist") == ["redis>=4.6"]
    tags = email.message_from_bytes(file.read(f"reactivebeat-{VERSION}.dist-info/WHEEL"))
    assert (tags["Root-Is-Purelib"], tags["Tag"]) == ("false", f"py3-none-{PLATFORM}")
    sources = PROJECT / "Python/reactivebeat/src"
    for path in sources.rglob("*"):
      if path.is_file() and path.suffix in (".py", ".typed"):
        assert file.read(str(path.relative_to(sources))) == path.read_bytes()
    scripts = sorted((PROJECT / "Sources/BeatRedis/Scripts").glob("*.lua"))
    assert [name for name in sorted(contents) if name.startswith("reactivebeat/scripts/")] == [
      f"reactivebeat/scripts/{path.name}" for path in scripts]
    assert scripts and all(file.read(f"reactivebeat/scripts/{path.name}") == path.read_bytes() for path in scripts)


def test_an_installation_in_place_has_the_scripts_of_redis() -> None:
  scripts = pathlib.Path(reactivebeat.__file__).parent / "scripts"
  assert (scripts / "save.lua").read_bytes() == (PROJECT / "Sources/BeatRedis/Scripts/save.lua").read_bytes()


def test_an_environment_has_the_program_on_its_path(wheel: pathlib.Path, environment: pathlib.Path) -> None:
  install(wheel, environment)
  assert os.access(environment / "bin/beat-watch", os.X_OK)
  output = printed(environment, packages_of(environment), "run", "-x")
  assert output == f"{environment}/bin/beat-watch run -x\n"


def test_a_target_has_the_program_in_its_bin(
    wheel: pathlib.Path, environment: pathlib.Path, tmp_path: pathlib.Path) -> None:
  install(wheel, environment, "--target", str(tmp_path))
  assert printed(environment, tmp_path, "list") == f"{tmp_path}/bin/beat-watch list\n"


def test_a_users_own_folder_has_the_program_in_its_bin(
    wheel: pathlib.Path, environment: pathlib.Path, tmp_path: pathlib.Path) -> None:
  # pip refuses --user for an environment. --prefix makes the same folders.
  install(wheel, environment, "--prefix", str(tmp_path))
  output = printed(environment, packages_of(tmp_path), "list", PYTHONUSERBASE=str(tmp_path))
  assert output == f"{tmp_path}/bin/beat-watch list\n"


@pytest.mark.parametrize("variable", ["BEAT_WATCH_PROGRAM", "REACTIVEBEAT_NOTICES", "REACTIVEBEAT_PLATFORM"])
def test_without_a_program_there_is_no_wheel(variable: str, tmp_path: pathlib.Path) -> None:
  done = build(tmp_path, **{**variables(tmp_path), variable: ""})
  assert done.returncode != 0
  assert f"{variable} is not set: build the wheel with scripts/wheel" in done.stdout
  assert not list(tmp_path.glob("dist/*"))


def test_another_file_is_no_program(tmp_path: pathlib.Path) -> None:
  done = build(tmp_path, **{**variables(tmp_path), "BEAT_WATCH_PROGRAM": __file__})
  assert done.returncode != 0
  assert "is no program named beat-watch" in done.stdout
