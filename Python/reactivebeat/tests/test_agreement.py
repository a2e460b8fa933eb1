"""What this package writes is what the daemon reads, and what its own commands would have written."""

import datetime
import itertools
import json
import os
import pathlib
import random
import subprocess
from typing import Any, Dict, List, Tuple

import pytest
from celery.schedules import crontab, schedule
from conftest import Server

from reactivebeat import Schedules, crontab as grammar
from reactivebeat.build import build
from reactivebeat.documents import Draft

UTC = datetime.timezone.utc
MOMENT = datetime.datetime(2090, 1, 1, 12, 30, 0, 250, tzinfo=UTC)

SCHEDULES = [
  10, 0.01, datetime.timedelta(weeks=2), datetime.timedelta(microseconds=10_001), schedule(90),
  schedule(3600, relative=True), crontab(), crontab(minute="*/15", hour={8, 9}, day_of_week="mon-fri"),
  "30 2 1 1 *", {"hour": 2, "minute": 0, "day_of_year": [60, 366]}, MOMENT]

FIELDS: List[Dict[str, Any]] = [
  {"args": (1, "ü", None)}, {"kwargs": {"x": [{"y": 1.5}]}}, {"kwargs": {"at": MOMENT}}, {"enabled": False},
  {"label": "Ein Bericht"}, {"timezone": "Asia/Tokyo"}, {"queue": "q"}, {"queue": "q", "priority": 9},
  {"exchange": "e", "routing_key": "k", "exchange_type": "topic"}, {"expires": 60}, {"expires": MOMENT},
  {"time_limit": 5, "soft_time_limit": datetime.timedelta(seconds=2.5)}, {"headers": {"h": 1}}, {"ignore_result": True},
  {"delivery_mode": "transient"},
  {"shadow": "s", "argsrepr": "a", "kwargsrepr": "k"}, {"run_immediately": True}, {"start_after": MOMENT},
  {"expires_at": datetime.datetime(2099, 1, 1, tzinfo=UTC)}, {"max_run_count": 3}, {"one_off": True},
  {"jitter": 0.005}, {"catchup": "all", "catchup_window": datetime.timedelta(hours=1)}, {"extra": {"colour": "red"}}]


def remarks(program: pathlib.Path, folder: pathlib.Path, documents: List[bytes]) -> List[str]:
  """What `lint` says of documents. The line of each begins with its number."""
  file = folder / "documents.json"
  file.write_bytes(b"\n".join(documents) + b"\n")
  done = subprocess.run([program, "lint", str(file)], capture_output=True, check=False)
  return [line.removeprefix(f"{file}:") for line in done.stdout.decode().splitlines() if line.startswith(str(file))]


def test_the_daemon_has_nothing_against_what_is_made_here(beat_watch: pathlib.Path, tmp_path: pathlib.Path) -> None:
  cases = list(itertools.product(SCHEDULES, FIELDS))
  documents = [build(f"n{number}", "tasks.t", when, fields) for number, (when, fields) in enumerate(cases)]
  found = remarks(beat_watch, tmp_path, documents)
  # A crontab whose minute is any is warned of, as in Celery's documents.
  assert [line for line in found if ": error: " in line] == []
  assert [line for line in found if "no effect" in line or "not a field" in line] == []
  # The check can find something.
  assert remarks(beat_watch, tmp_path, [build("n", "t", 60, {"jitter": 60})])[0].startswith("1: error: jitter")


def test_a_crontab_is_refused_as_by_the_daemon(beat_watch: pathlib.Path, tmp_path: pathlib.Path) -> None:
  """Also where Celery is not installed. Values at random, but of this grammar: not the letters of others."""
  generator = random.Random(7)
  pieces = ["0", "1", "5", "7", "12", "23", "31", "59", "60", "366", "*", "-", "/", ",", "mon", "janu", "xyz", "_", " ",
            "+1"]
  cases: List[Tuple[str, Any]] = [(field, value) for field in grammar.RANGES for value in (
    0, 7, 24, 400, -1, [], [1], [1, 400], ["mon"], [True], True, 1.5, "", "*", "*,", "*/0", "*/", "1-", "-1", "\u0661",
    "1-5/0", "1-5/", "1-5/x", "5-1/2", "1-5/2x", "mon-", "*/2-3", "*\n", "*1")]
  cases += [(generator.choice(list(grammar.RANGES)), "".join(generator.choices(pieces, k=generator.randint(1, 5))))
            for _ in range(4000)]
  documents = [json.dumps({"name": "n", "task": "t", "enabled": True, "crontab": {"minute": 0, field: value}}).encode()
               for field, value in cases]
  refused = {int(line.partition(":")[0]) for line in remarks(beat_watch, tmp_path, documents) if ": error: " in line}
  assert 100 < len(refused) < len(cases) - 100
  for number, (field, value) in enumerate(cases, 1):
    assert (grammar.problem(field, value) is not None) == (number in refused), (field, value)


STORED = [
  '{"name": "n", "task": "t", "enabled": true, "interval": {"every": 5, "period": "minutes"}}',
  '{"name":"n","task":"t","enabled":true,"crontab":{"hour":"2","timezone":"Asia/Tokyo"},"x":1.50}',
  '{\n  "name": "n",\n  "task": "t",\n  "enabled": true,\n  "schedule": {\n    "every": 1e1,\n    "period": "hours"\n'
  '  }\n}\n',
  '{"name": "n", "options": {"queue": "a", "priority": 3, "expires": 60}, "task": "t", "enabled": true, "args": [ ],'
  ' "crontab": {"minute": "0", "day_of_year": 60, "_cls": "x"}, "one_off": false, "one_off": true, "ü": "\\u00fc"}',
]

CHANGES: List[Tuple[List[str], Dict[str, Any]]] = [
  (["--disabled"], {"enabled": False}),
  (["--task", "other.task"], {"task": "other.task"}),
  (["--label", "Büro"], {"label": "Büro"}),
  (["--queue", "q"], {"queue": "q"}),
  (["--priority", "0"], {"priority": 0}),
  (["--unset", "queue"], {"queue": None}),
  (["--unset", "one_off"], {"one_off": None}),
  (["--args", '["a", 1]'], {"args": ["a", 1]}),
  (["--kwargs", '{"x": {"y": null}}'], {"kwargs": {"x": {"y": None}}}),
  (["--expires", "90"], {"expires": 90}),
  (["--expires-at", "2099-01-01T00:00:00Z"], {"expires_at": datetime.datetime(2099, 1, 1, tzinfo=UTC)}),
  (["--every", "90s"], {"when": 90}),
  (["--at", "2090-01-01T12:30:00.000250Z"], {"when": MOMENT}),
  (["--timezone", "Europe/Berlin"], {"timezone": "Europe/Berlin"}),
  (["--jitter", "2", "--max-run-count", "7"], {"max_run_count": 7, "jitter": 2}),
  (["--one-off"], {"one_off": True}),
]


@pytest.mark.parametrize("number", range(len(STORED)))
def test_an_edit_makes_the_bytes_that_set_makes(server: Server, beat_watch: pathlib.Path, number: int) -> None:
  client, before = server.client(1), STORED[number].encode()
  environment = dict(os.environ, CELERY_REDIS_SCHEDULER_URL=server.url(1))
  for options, fields in CHANGES:
    client.set("tasks:meta:n", before)
    subprocess.run([beat_watch, "set", "n", *options], env=environment, check=True, capture_output=True)
    draft = Draft("n", before)
    # `set` writes its fields in an order of its own.
    for field, value in sorted(fields.items()) if "jitter" in fields else fields.items():
      setattr(draft, field, value)
    assert draft.finished() == client.get("tasks:meta:n"), options


def test_put_replaces_as_set_does(server: Server, beat_watch: pathlib.Path) -> None:
  client = server.client(1)
  environment = dict(os.environ, CELERY_REDIS_SCHEDULER_URL=server.url(1))
  document = build("n", "t", 90, {"queue": "q"})
  before = json.dumps({"name": "n", "task": "t", "enabled": True, "interval": {"every": 5, "period": "minutes"},
                       "mine": 1, "last_run_at": {"__type__": "datetime", "year": 2026, "month": 1, "day": 1},
                       "total_run_count": 7})
  client.set("tasks:meta:n", before)
  subprocess.run([beat_watch, "set", "n", "--document", "-"], input=document, env=environment, check=True,
                 capture_output=True)
  by_set = client.get("tasks:meta:n")
  client.set("tasks:meta:n", before)
  with Schedules.from_url(server.url(1)) as beat:
    beat.put("n", "t", 90, queue="q")
  assert client.get("tasks:meta:n") == by_set
