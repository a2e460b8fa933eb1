"""The guard in real workers."""

import json
import os
import pathlib
import signal
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest

from conftest import Daemon, Server
from guard_stage import Stage, wait_for

Make = Callable[..., Stage]


@pytest.fixture
def make(server: Server, tmp_path: pathlib.Path) -> Iterator[Make]:
  stages: List[Stage] = []

  def make(once: Optional[Dict[str, Any]] = {}, celery: str = "5.7", queues: List[str] = [], **conf: Any) -> Stage:
    stages.append(Stage(server, tmp_path, once, conf, celery, queues))
    return stages[-1]

  yield make
  for stage in stages:
    stage.end()


def record(stage: Stage, task_id: str) -> Optional[bytes]:
  keys = stage.broker.keys("reactivebeat:once:*:" + task_id)
  assert len(keys) == 1, keys
  value: Optional[bytes] = stage.broker.get(keys[0])
  return value


@pytest.mark.parametrize("celery,pool", [("5.7", "prefork"), ("5.7", "threads"), ("5.7", "solo"), ("5.6", "prefork")])
def test_two_workers_with_the_same_message(make: Make, celery: str, pool: str) -> None:
  stage = make(celery=celery)
  workers = [stage.worker(pool).wait_until_ready() for _ in range(2)]
  task_id = stage.send("hold", copies=2)
  stage.wait_for_kinds(task_id, ["start"])
  if pool == "solo":
    # The process that runs it takes no other message.
    wait_for(lambda: any("comes back" in worker.text() for worker in workers), stage.logs)
  else:
    wait_for(lambda: sum(worker.text().count("comes back") for worker in workers) >= 2, stage.logs)
  stage.open(task_id)
  stage.wait_for_kinds(task_id, ["start", "end"])
  stage.wait_until_empty()
  assert stage.kinds(task_id) == ["start", "end"]
  assert record(stage, task_id) == b"0.0"
  assert any("it has been run" in worker.text() for worker in workers), "the copy has come back"


def test_two_workers_without_the_guard(make: Make) -> None:
  stage = make(once=None)
  stage.worker().wait_until_ready()
  task_id = stage.send("hold", copies=2)
  stage.wait_for_kinds(task_id, ["start", "start"])


@pytest.mark.parametrize("celery,pool", [("5.7", "threads"), ("5.6", "prefork")])
def test_the_run_of_a_killed_worker_is_run(make: Make, celery: str, pool: str) -> None:
  stage = make(celery=celery)
  first = stage.worker(pool).wait_until_ready()
  task_id = stage.send("hold")
  stage.wait_for_kinds(task_id, ["start"])
  first.kill()
  second = stage.worker(pool).wait_until_ready()
  stage.wait_for_kinds(task_id, ["start", "start"])
  stage.open(task_id)
  stage.wait_for_kinds(task_id, ["start", "start", "end"])
  stage.wait_until_empty()
  assert stage.kinds(task_id) == ["start", "start", "end"]
  assert record(stage, task_id) == b"0.0"


def test_a_run_outlives_its_visibility_timeout(make: Make) -> None:
  """The broker delivers it again while it is alive, as often as the timeout passes."""
  stage = make(worker_concurrency=2)
  worker = stage.worker().wait_until_ready()
  task_id = stage.send("hold")
  wait_for(lambda: worker.text().count("comes back") >= 2, stage.logs)
  stage.open(task_id)
  stage.wait_for_kinds(task_id, ["start", "end"])
  stage.wait_until_empty()
  assert stage.kinds(task_id) == ["start", "end"]


def test_a_run_whose_pool_process_is_killed_waits_for_the_lease(make: Make) -> None:
  stage = make(once={"lease": 4}, task_reject_on_worker_lost=True)
  worker = stage.worker().wait_until_ready()
  task_id = stage.send("hold")
  stage.wait_for_kinds(task_id, ["start"])
  os.kill(stage.events(task_id)[0][2], signal.SIGKILL)
  worker.wait_for("comes back")
  assert stage.kinds(task_id) == ["start"]
  stage.wait_for_kinds(task_id, ["start", "start"])
  stage.open(task_id)
  stage.wait_for_kinds(task_id, ["start", "start", "end"])
  stage.wait_until_empty()


def test_a_paused_worker_hears_that_it_was_taken_over(make: Make) -> None:
  stage = make()
  first = stage.worker().wait_until_ready()
  task_id = stage.send("hold")
  stage.wait_for_kinds(task_id, ["start"])
  first.signal(signal.SIGSTOP)
  stage.worker().wait_until_ready()
  stage.wait_for_kinds(task_id, ["start", "start"])
  # One for each: Redis gives the first to the paused one, which waits longer.
  stage.open(task_id)
  stage.open(task_id)
  stage.wait_for_kinds(task_id, ["start", "start", "end"])
  first.signal(signal.SIGCONT)
  stage.wait_for_kinds(task_id, ["start", "start", "end", "lost"])
  first.wait_for("was this process paused")
  stage.wait_until_empty()


@pytest.mark.parametrize("celery,pool", [("5.7", "prefork"), ("5.7", "threads"), ("5.6", "prefork")])
def test_each_queue_of_an_exchange_has_its_run(make: Make, celery: str, pool: str) -> None:
  """And has it once, though kombu gives a message whose visibility timeout is over to all the queues again."""
  stage = make(celery=celery, queues=["one", "two"])
  for queue in stage.queues:
    stage.worker(pool, queue=queue).wait_until_ready()
  task_id = stage.send_by_exchange("hold")
  stage.wait_for_kinds(task_id, ["start", "start"])
  assert {event[5] for event in stage.events(task_id)} == {"worker0@test", "worker1@test"}
  for worker in stage.workers:
    worker.wait_for("comes back")
  for _ in stage.queues:
    stage.open(task_id)
  stage.wait_for_kinds(task_id, ["start", "start", "end", "end"])
  stage.wait_until_empty()
  assert stage.kinds(task_id) == ["start", "start", "end", "end"]
  keys = [f"reactivebeat:once:guard_project/{queue}/hold:{task_id}" for queue in stage.queues]
  assert stage.broker.mget(keys) == [b"0.0", b"0.0"]


def test_retries_run(make: Make) -> None:
  stage = make()
  stage.worker().wait_until_ready()
  task_id = stage.send("work", 0, 2, copies=3)
  stage.wait_for_kinds(task_id, ["start", "retry", "start", "retry", "start", "end"])
  stage.wait_until_empty()
  assert [event[3] for event in stage.events(task_id) if event[0] == "start"] == [0, 1, 2]
  assert record(stage, task_id) == b"0.2"


def test_redis_away_when_a_run_ends(make: Make, tmp_path: pathlib.Path) -> None:
  folder = tmp_path / "guard"
  folder.mkdir()
  records = Server(folder)
  try:
    stage = make(once={"redis": records.url(0), "patience": 60}, broker_transport_options={})
    worker = stage.worker().wait_until_ready()
    task_id = stage.send("hold")
    stage.wait_for_kinds(task_id, ["start"])
    records.end()
    worker.wait_for("cannot be kept alive")
    # This one waits for Redis, which must say whether it has been run.
    waiting = stage.send("work", 0)
    worker.wait_for("waits for Redis")
    stage.open(task_id)
    worker.wait_for("its end cannot be recorded yet")
    assert stage.kinds(waiting) == []
    records = Server(folder)
    key = "reactivebeat:once:guard_project/celery/hold:" + task_id
    wait_for(lambda: records.client(0).get(key) == b"0.0", stage.logs)
    stage.wait_for_kinds(waiting, ["start", "end"])
    stage.wait_until_empty()
  finally:
    records.end()


def test_the_daemons_own_messages(make: Make, server: Server, daemon: Daemon) -> None:
  """Fired by beat-watch, delivered twice by the broker."""
  stage = make()
  documents = server.client(1)
  documents.set("tasks:meta:work", json.dumps({
    "name": "work", "task": "work", "enabled": True, "args": [0], "schedule": None, "run_immediately": True,
    "interval": {"every": 1, "period": "hours"}}))
  text = wait_for(lambda: stage.broker.lindex("celery", 0), lambda: daemon.log.read_text())
  stage.broker.lpush("celery", text)
  task_id = json.loads(text)["headers"]["id"]
  stage.worker(concurrency=1).wait_until_ready()
  stage.wait_for_kinds(task_id, ["start", "end"])
  stage.wait_until_empty()
  assert stage.kinds(task_id) == ["start", "end"]
  assert record(stage, task_id) == b"0.0"
