"""docs/python.md: what is shown there works as it is shown."""

import pathlib
import re
import shlex

import pytest
import redis
from conftest import PROJECT, Daemon, Server

from reactivebeat import Schedules

PAGE = PROJECT / "docs" / "python.md"


def test_the_snippets_about_schedules(
  server: Server, daemon: Daemon, beat_watch: pathlib.Path, monkeypatch: pytest.MonkeyPatch,
  capsys: pytest.CaptureFixture) -> None:
  monkeypatch.setenv("BEAT_WATCH_PROGRAM", str(beat_watch))
  section = PAGE.read_text().partition("\n## Schedules from Python\n")[2].partition("\n## ")[0]
  snippets = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
  assert len(snippets) > 10
  shared = {"__name__": "shop"}
  for snippet in snippets:
    for database in (0, 1):
      snippet = snippet.replace(f"redis://localhost:6379/{database}", server.url(database))
    exec(compile(snippet, str(PAGE), "exec"), shared)  # noqa: S102
  printed = capsys.readouterr().out
  # What a comment says is printed, is.
  assert "interval.every: 0 seconds is not positive, so it would run without a pause; use a number above" in printed
  assert "set aside" not in printed and "saved" not in printed
  assert server.client(1).exists("tasks:meta:campaign", "tasks:meta:raw", "tasks:meta:report", "tasks:meta:often") == 4


def test_the_tools_user_may_do_all_of_it(
  server: Server, daemon: Daemon, beat_watch: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.setenv("BEAT_WATCH_PROGRAM", str(beat_watch))
  operations = (PROJECT / "docs" / "operations.md").read_text()
  command = re.search(r"^redis-cli (ACL SETUSER beat-tools (?:.*\\\n)+.*)$", operations, re.MULTILINE)
  assert command is not None
  server.client(1).execute_command(*shlex.split(command[1].replace("\\\n", " ")))
  with Schedules.from_url(server.url(1).replace("://", "://beat-tools:secret@")) as beat:
    assert beat.put("celery-report", "t", 3600, check=True).wait().is_accepted
    with beat.edit("celery-report") as s:
      s.queue = "celery"
    assert s.wait().is_own
    assert [document.name for document in beat.list()] == ["celery-report"]
    assert [state.name for state in beat.states()] == ["celery-report"] and beat.owners() == {}
    assert len(beat["celery-report"].next(2)) == 2
    task_id = beat["celery-report"].fire()
    assert [run.id for run in beat["celery-report"].history()] == [task_id]
    assert beat["celery-report"].receipt() is not None
    beat["celery-report"].rename("celery-other").delete()
    with pytest.raises(redis.exceptions.NoPermissionError):
      beat._runner.client.flushdb()
