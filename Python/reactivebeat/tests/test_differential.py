"""Applications at random: their manifests say what celery beat sends, and the daemon sends the same bytes.
scripts/differential asks more of them."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest
from conftest import PROJECT


@pytest.mark.parametrize("version", ["5.6", "5.7"])
def test_the_daemon_sends_what_celery_beat_sends(version: str, beat_watch: pathlib.Path) -> None:
  if not (PROJECT / ".deps/venv" / f"celery-{version}").exists():
    pytest.skip(f"no Celery {version}: scripts/setup --test installs it")
  run = subprocess.run(
    [sys.executable, "-B", str(PROJECT / "Tests/Differential/differential.py"), "--applications", "12", "--celery",
     version, "--program", str(beat_watch)], capture_output=True, text=True, timeout=300)
  lines = run.stdout.splitlines()
  assert (run.returncode, lines[-1:]) == (0, ["no difference"]), run.stdout + run.stderr
  assert lines[0].startswith(f"Celery {version}: 12 applications, 96 tasks, "), lines
