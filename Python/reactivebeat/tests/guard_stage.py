"""Workers of the guard's tests, their messages, and what they have done."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import uuid
from typing import Any, Callable, Dict, List, Optional, Sequence

import pytest

from conftest import PROJECT, Server

TESTS = pathlib.Path(__file__).resolve().parent
#: Seconds after which a run counts as dead.
LEASE = 2
#: The namespace of the tests' task ids, which are made as the daemon makes its own.
NAMESPACE = uuid.UUID("5d0e2b1c-7a43-4f6b-9c58-26e1b790d314")


def python(celery: str, folder: pathlib.Path) -> List[str]:
  """The interpreter with a version of Celery, and what must be on its path."""
  source = str(TESTS.parent / "src")
  if celery == "5.7":
    return [sys.executable, source]
  program = PROJECT / ".deps/venv" / f"celery-{celery}" / "bin/python"
  if not program.exists():
    pytest.skip(f"no Celery {celery}: scripts/setup --test installs it")
  # The package is not installed beside that Celery, and its version is read from its metadata.
  metadata = folder / "metadata" / "reactivebeat-0.dist-info"
  metadata.mkdir(parents=True, exist_ok=True)
  (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: reactivebeat\nVersion: 0\n")
  return [str(program), source, str(metadata.parent)]


def wait_for(condition: Callable[[], Any], what: Callable[[], str], seconds: float = 60) -> Any:
  """The first true value of a condition."""
  deadline = time.monotonic() + seconds
  while True:
    value = condition()
    if value:
      return value
    assert time.monotonic() < deadline, what()
    time.sleep(0.02)


class Stage:
  """One broker, and the workers of a test."""

  def __init__(self, server: Server, folder: pathlib.Path, once: Optional[Dict[str, Any]], conf: Dict[str, Any],
               celery: str = "5.7", queues: Sequence[str] = ()) -> None:
    self.server = server
    self.folder = folder
    self.broker = server.client(0)
    self.notes = server.client(2)
    self.workers: List[Worker] = []
    self.queues = list(queues)
    program, *path = python(celery, folder)
    self.program = program
    self.environment = {
      **os.environ, "PYTHONPATH": os.pathsep.join([*path, str(TESTS)]), "PYTHONDONTWRITEBYTECODE": "1",
      "GUARD_BROKER": server.url(0), "GUARD_SOCKET": server.socket,
      "GUARD_ONCE": "" if once is None else json.dumps({"lease": LEASE, **once}), "GUARD_CONF": json.dumps(conf),
      "GUARD_QUEUES": json.dumps(self.queues)}

  def worker(self, pool: str = "prefork", concurrency: int = 2, queue: str = "celery") -> "Worker":
    worker = Worker(self, len(self.workers), pool, concurrency, queue)
    self.workers.append(worker)
    return worker

  def send(self, task: str, *args: Any, name: str = "", copies: int = 1) -> str:
    """Puts a message on the queue as beat-watch does, and gives the task's id."""
    task_id = str(uuid.uuid5(NAMESPACE, name or str(uuid.uuid4())))
    self.broker.lpush("celery", *[message(task, task_id, args)] * copies)
    return task_id

  def send_by_exchange(self, task: str, *args: Any) -> str:
    """Puts a message on all the queues of the exchange `topics`, as beat-watch does, and gives the task's id."""
    task_id = str(uuid.uuid5(NAMESPACE, str(uuid.uuid4())))
    for queue in self.queues:
      self.broker.lpush(queue, message(task, task_id, args, {"exchange": "topics", "routing_key": "key"}))
    return task_id

  def open(self, task_id: str) -> None:
    self.notes.rpush("gate:" + task_id, "1")

  def events(self, task_id: Optional[str] = None) -> List[Any]:
    """[kind, task id, process, retries, thread, worker] in the order in which it happened."""
    events = [json.loads(text) for text in self.notes.lrange("events", 0, -1)]
    return [event for event in events if task_id in (None, event[1])]

  def kinds(self, task_id: str) -> List[str]:
    return [event[0] for event in self.events(task_id)]

  def wait_for_kinds(self, task_id: str, kinds: List[str]) -> None:
    wait_for(lambda: self.kinds(task_id)[:len(kinds)] == kinds, lambda: f"{self.kinds(task_id)}, {self.logs()}")

  def wait_until_empty(self) -> None:
    """No message waits in a queue or to be acknowledged."""
    wait_for(lambda: not self.broker.exists("celery", "unacked", *self.queues),
             lambda: f"{self.broker.lrange('celery', 0, 9)}, {self.broker.hgetall('unacked')}, {self.logs()}")

  def logs(self) -> str:
    return "\n".join(f"--- {worker.name}\n{worker.text()[-3000:]}" for worker in self.workers)

  def end(self) -> None:
    for worker in self.workers:
      worker.kill()


def message(task: str, task_id: str, args: Any, delivery: Any = {"exchange": "", "routing_key": "celery"}) -> bytes:
  """The daemon's message, see Sources/BeatRedis/Kombu/KombuRedisEnvelope.swift."""
  import base64
  body = json.dumps([args, {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]).encode()
  return json.dumps({
    "body": base64.b64encode(body).decode(), "content-encoding": "utf-8", "content-type": "application/json",
    "headers": {
      "lang": "py", "task": task, "id": task_id, "shadow": None, "eta": None, "expires": None, "group": None,
      "group_index": None, "retries": 0, "timelimit": [None, None], "root_id": task_id, "parent_id": None,
      "argsrepr": "()", "kwargsrepr": "{}", "origin": "gen1@test", "ignore_result": None, "replaced_task_nesting": 0,
      "stamped_headers": None, "stamps": {}, "celery_beat_task": True},
    "properties": {
      "correlation_id": task_id, "reply_to": task_id, "delivery_mode": 2,
      "delivery_info": delivery, "priority": 0, "body_encoding": "base64",
      # Each copy has another one, as when a broker has taken a message twice.
      "delivery_tag": str(uuid.uuid4())}}).encode()


class Worker:
  def __init__(self, stage: Stage, number: int, pool: str, concurrency: int, queue: str) -> None:
    self.name = f"worker{number}"
    self._log = stage.folder / f"{self.name}.log"
    with open(self._log, "wb") as log:
      # It leads a group, so that its pool ends with it.
      self.process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", stage.program, "-m", "celery", "-A", "guard_project", "worker", "-P",
         pool, "-c", str(concurrency), "-Q", queue, "-l", "info", "-n", f"{self.name}@test", "--without-gossip",
         "--without-mingle", "--without-heartbeat"],
        cwd=stage.folder, env=stage.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True)

  def text(self) -> str:
    return self._log.read_text(errors="replace")

  def wait_until_ready(self) -> "Worker":
    self.wait_for("ready.")
    return self

  def wait_for(self, text: str) -> None:
    wait_for(lambda: text in self.text(), lambda: f"{self.name} did not say {text!r}: {self.text()[-3000:]}")

  def signal(self, number: int) -> None:
    """To the worker and its pool."""
    os.killpg(self.process.pid, number)

  def kill(self) -> None:
    try:
      self.signal(signal.SIGKILL)
    except ProcessLookupError:
      pass
    self.process.wait()
