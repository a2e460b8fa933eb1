"""Everybody edits the same documents at once, and nobody loses anything.

Each editor owns one field of shared documents, and gives it one value after another: threads and tasks of asyncio by
this package, and the command line. `redis-cli` overwrites documents of its own by plain SET, as a script would. The
daemon fires each of the documents all the time, and so writes into them too. REACTIVEBEAT_EDITORS is the number of
editors, 120 unless told otherwise; the full form is 1000.
"""

import asyncio
import collections
import datetime
import json
import os
import pathlib
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List, NamedTuple

import pytest
from conftest import Daemon, Server

from reactivebeat import AsyncSchedules, Schedules
from reactivebeat.documents import Draft
from reactivebeat.steps import Steps, command
from reactivebeat.store import Store

EDITORS = int(os.environ.get("REACTIVEBEAT_EDITORS", "120"))
EDITS = 3
#: The first fires each 10 ms, the others each second. About thirty editors meet on each.
SHARED = ["busy", *(f"calm-{number}" for number in range(max(2, EDITORS // 30)))]
#: What no editor touches, spelled as no program would write it.
WITNESS = '"witness":  [1.50e1,"\\u0061" ]'


class Edit(NamedTuple):
  """What an editor leaves in the end."""

  document: str
  field: str
  value: Any


def prepare(server: Server) -> None:
  client = server.client(1)
  for name in SHARED:
    interval = {"every": 10, "period": "milliseconds"} if name == "busy" else {"every": 1, "period": "seconds"}
    client.set(f"tasks:meta:{name}", f'{{"name": "{name}", "task": "{name}", "enabled": true, {WITNESS}, '
                                     f'"interval": {json.dumps(interval)}}}')


def documents_of(number: int) -> List[str]:
  """Two of them, so that each editor meets others everywhere."""
  return [SHARED[number % len(SHARED)], SHARED[(number + 1) % len(SHARED)]]


def by_threads(server: Server, numbers: List[int]) -> List[Edit]:
  # Several, as several processes have: one alone lets its threads wait for each other.
  clients = [Schedules.from_url(server.url(1)) for _ in range(4)]
  start = threading.Barrier(len(numbers))

  def edit(number: int) -> List[Edit]:
    beat, field = clients[number % len(clients)], f"thread-{number}"
    start.wait(60)
    for value in range(EDITS):
      for name in documents_of(number):
        if value % 2:
          with beat.edit(name) as s:
            s[field] = value
        else:
          beat.update(name, lambda draft: draft.__setitem__(field, value))
    return [Edit(name, field, EDITS - 1) for name in documents_of(number)]
  with ThreadPoolExecutor(len(numbers)) as pool:
    return [found for made in pool.map(edit, numbers) for found in made]


def by_tasks(server: Server, numbers: List[int]) -> List[Edit]:
  async def edit(beat: AsyncSchedules, number: int) -> List[Edit]:
    field = f"task-{number}"
    for value in range(EDITS):
      for name in documents_of(number):
        if value % 2:
          async with beat.edit(name) as s:
            s[field] = value
        else:
          await beat.update(name, lambda draft: draft.__setitem__(field, value))
    return [Edit(name, field, EDITS - 1) for name in documents_of(number)]

  async def main() -> List[Edit]:
    async with AsyncSchedules.from_url(server.url(1)) as beat:
      made = await asyncio.gather(*(edit(beat, number) for number in numbers))
    return [found for edits in made for found in edits]
  return asyncio.run(main())


def by_command_line(server: Server, program: pathlib.Path, numbers: List[int]) -> List[Edit]:
  """Each number is a field that has an option of its own, of one document."""
  options = [("priority", "--priority"), ("time_limit", "--time-limit"), ("max_run_count", "--max-run-count")]
  environment = dict(os.environ, CELERY_REDIS_SCHEDULER_URL=server.url(1))

  def edit(number: int) -> List[Edit]:
    name = SHARED[number % len(SHARED)]
    field, option = options[number // len(SHARED) % len(options)]
    for value in range(EDITS):
      # A count of runs that is never reached.
      text = str(1_000_000_000 + value if field == "max_run_count" else value + 1)
      while True:
        done = subprocess.run([program, "set", name, option, text], env=environment, capture_output=True, check=False)
        if done.returncode == 0:
          break
        # It has met others too often, and asks to try again.
        assert done.returncode == 75, done.stderr
    return [Edit(name, field, int(text))]
  with ThreadPoolExecutor(2) as pool:
    return [found for made in pool.map(edit, numbers) for found in made]


def by_redis_cli(server: Server, numbers: List[int]) -> List[Edit]:
  """Whole documents, each of one script alone."""
  made = []
  for value in range(EDITS):
    for number in numbers:
      document = {"name": f"cli-{number}", "task": f"cli-{number}", "enabled": True, "value": value,
                  "interval": {"every": 1, "period": "hours"}}
      subprocess.run(
        ["redis-cli", "-s", server.socket, "-n", "1", "SET", f"tasks:meta:cli-{number}", json.dumps(document)],
        check=True, capture_output=True)
      if value == EDITS - 1:
        made.append(Edit(f"cli-{number}", "value", value))
  return made


def lost(server: Server, edits: List[Edit]) -> List[Edit]:
  """The edits that are not there."""
  client = server.client(1)
  names = {edit.document for edit in edits}
  stored: Dict[str, Any] = {name: json.loads(client.get(f"tasks:meta:{name}")) for name in names}
  return [edit for edit in edits if stored[edit.document].get(edit.field) != edit.value]


def together(*works: Callable[[], List[Edit]]) -> List[Edit]:
  with ThreadPoolExecutor(len(works)) as pool:
    return [edit for made in [pool.submit(work) for work in works] for edit in made.result()]


def test_nobody_loses_anything(
  server: Server, beat_watch: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
  attempts = collections.Counter()
  save = Store._save

  def counted(store: Store, name: str, seen: Any, new: bytes) -> Steps[bool]:
    is_saved = yield from save(store, name, seen, new)
    attempts[is_saved] += 1
    return is_saved
  monkeypatch.setattr(Store, "_save", counted)
  prepare(server)
  daemon = Daemon(beat_watch, server, tmp_path)
  commands, scripts = min(12, EDITORS // 10), max(1, EDITORS // 40)
  threads = (EDITORS - commands - scripts) // 2
  tasks = EDITORS - commands - scripts - threads
  edits = together(
    lambda: by_threads(server, list(range(threads))), lambda: by_tasks(server, list(range(tasks))),
    lambda: by_command_line(server, beat_watch, list(range(commands))),
    lambda: by_redis_cli(server, list(range(scripts))))
  assert lost(server, edits) == []
  assert attempts[True] == 2 * EDITS * (threads + tasks)
  # Others were faster, again and again.
  assert attempts[False] > EDITORS // 4

  # The last edits are in force, and what the daemon says is about the bytes that stand there.
  with Schedules.from_url(server.url(1)) as beat:
    for name in SHARED:
      assert beat.update(name, lambda draft: draft.__setitem__("last", True)).wait(60).is_accepted
      deadline = time.monotonic() + 60
      while not beat.get(name).total_run_count:
        assert time.monotonic() < deadline, f"{name} does not fire"
        time.sleep(0.01)
  daemon.end()
  assert lost(server, edits) == []
  client = server.client(1)
  sent = collections.Counter(
    json.loads(message)["headers"]["task"]
    for key in client_keys(server) for message in server.client(0).lrange(key, 0, -1))
  for name in SHARED:
    document = client.get(f"tasks:meta:{name}").decode()
    assert WITNESS in document
    # Each run was counted once, whoever edited the document meanwhile.
    assert json.loads(document)["total_run_count"] == sent[name] > 0


def client_keys(server: Server) -> List[bytes]:
  """The queue, and the lists of its priorities."""
  return [key for key in server.client(0).keys("celery*") if server.client(0).type(key) == b"list"]


def test_a_plain_set_would_be_noticed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
  """The test above must fail without the script that compares."""
  def overwrite(store: Store, name: str, seen: Any, new: bytes) -> Steps[bool]:
    yield from command("SET", store.keys.document(name), new)
    return True
  monkeypatch.setattr(Store, "_save", overwrite)
  prepare(server)
  # All on two documents.
  numbers = [number * len(SHARED) for number in range(30)]
  edits = together(lambda: by_threads(server, numbers), lambda: by_tasks(server, numbers))
  assert lost(server, edits) != []
