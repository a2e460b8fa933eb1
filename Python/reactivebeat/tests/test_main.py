"""`python -m reactivebeat -A proj COMMAND`: beat-watch with the configuration of an application."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any, Dict, Iterator

import pytest
from conftest import Server

from reactivebeat.__main__ import application, with_python

APPLICATION = """
import os
from celery import Celery
print("the application says hello")
app = Celery("proj", broker=os.environ["STAGE_BROKER"], include=["none.such"])
app.conf.redis_scheduler_url = os.environ["STAGE_STORE"]
app.conf.redis_scheduler_key_prefix = "shop:"
app.conf.timezone = "Europe/Berlin"
app.conf.task_default_queue = "jobs"
app.conf.broker_transport_options = {"global_keyprefix": "shop-"}
"""
DOCUMENT = {"name": "a", "task": "proj.hello", "enabled": True, "crontab": {"hour": 2, "minute": 0}}


class Shell:
  def __init__(self, server: Server, folder: pathlib.Path, beat_watch: pathlib.Path) -> None:
    self.server, self.folder = server, folder
    (folder / "proj.py").write_text(APPLICATION)
    programs = folder / "bin"
    programs.mkdir()
    (programs / "beat-watch").symlink_to(beat_watch)
    self.environment: Dict[str, str] = {
      **{name: value for name, value in os.environ.items() if not name.startswith(("CELERY", "BEAT_WATCH"))},
      "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "STAGE_BROKER": server.url(0), "STAGE_STORE": server.url(1)}

  def run(self, *arguments: str, **environment: str) -> Any:
    return subprocess.run(
      [sys.executable, "-m", "reactivebeat", *arguments], cwd=self.folder, env={**self.environment, **environment},
      stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


@pytest.fixture
def shell(server: Server, tmp_path: pathlib.Path, beat_watch: pathlib.Path) -> Iterator[Shell]:
  server.client(1).set("shop:a", json.dumps(DOCUMENT))
  yield Shell(server, tmp_path, beat_watch)


@pytest.mark.parametrize("named", [["-A", "proj"], ["-Aproj"], ["--app", "proj:app"], ["--app=proj"]])
def test_a_command_looks_where_the_applications_daemon_looks(shell: Shell, named: "list[str]") -> None:
  done = shell.run(*named, "list", "--json")
  assert done.returncode == 0, done.stderr
  row, = json.loads(done.stdout)
  assert row["name"] == "a"
  assert "the application says hello" in done.stderr, "what it prints is no output of the command"
  assert "Europe/Berlin" in shell.run(*named, "show", "a").stdout


def test_the_password_goes_by_the_environment(shell: Shell, server: Server) -> None:
  server.client(1).config_set("requirepass", "hunter2")
  url = server.url(1).replace("://", "://:hunter2@")
  done = shell.run("-A", "proj", "list", "--json", STAGE_STORE=url)
  assert [row["name"] for row in json.loads(done.stdout)] == ["a"]
  program = shell.folder / "bin/beat-watch"
  program.unlink()
  program.write_text('#!/bin/sh\necho "$@"\n')
  program.chmod(0o755)
  assert shell.run("-A", "proj", "list", STAGE_STORE=url).stdout == "list\n"


def test_what_stands_on_the_command_line_wins(shell: Shell, server: Server) -> None:
  assert json.loads(shell.run("-A", "proj", "list", "--json", "--store-url", server.url(3)).stdout) == []


def test_publish_takes_the_application_there_too(shell: Shell) -> None:
  (shell.folder / "proj.py").write_text(APPLICATION.replace(', include=["none.such"]', ""))
  assert shell.run("-A", "proj", "publish").stdout.splitlines()[-1].startswith("published: proj, ")


@pytest.mark.parametrize("arguments, environment, status, text", [
  (["-A"], {}, 64, "-A needs the application, as for celery -A"),
  (["-A", "none", "list"], {}, 65, "--app none: ModuleNotFoundError: No module named 'none'; run this where `celery -A"),
  (["-A", "proj", "list"], {"STAGE_BROKER": "sqs://:secret@h"}, 78, "broker_url: beat-watch speaks with Redis and RabbitMQ"),
  (["-A", "proj", "list"], {"STAGE_STORE": "redis://:secret@h:x"}, 78, "redis_scheduler_url: the port in the Redis URL"),
  (["-A", "proj", "list"], {"PATH": "/nowhere"}, 127, "beat-watch is neither where the Python package"),
])
def test_errors(
    shell: Shell, arguments: "list[str]", environment: Dict[str, str], status: int, text: str) -> None:
  done = shell.run(*arguments, **environment)
  lines = [line for line in done.stderr.splitlines() if line != "the application says hello"]
  assert (done.returncode, done.stdout) == (status, ""), done.stderr
  assert len(lines) == 1 and lines[0].startswith("reactivebeat: ") and text in lines[0]
  assert "secret" not in done.stderr


def test_what_is_no_application_is_beat_watchs() -> None:
  assert application(["list", "-A", "x"]) == (None, ["list", "-A", "x"])
  assert application([]) == (None, [])


def test_an_application_is_imported_by_this_python() -> None:
  here = f"--python={sys.executable}"
  assert with_python(["import", "--celery-app", "proj"]) == ["import", here, "--celery-app", "proj"]
  assert with_python(["import", "--celery-app=proj"]) == ["import", here, "--celery-app=proj"]
  for words in (["import", "--celery-app", "proj", "--python", "python3"], ["import", "file"], ["list"], []):
    assert with_python(words) == words
