"""Real workers on a real RabbitMQ: the guard, and the daemon with an application's configuration."""

import json
import pathlib
import uuid
from typing import Any, Dict, Iterator, List, Optional

import pytest
from beat_stage import VERSIONS
from beat_stage import Stage as BeatStage
from conftest import Server
from guard_stage import NAMESPACE, Stage, message, wait_for
from rabbit_stage import RabbitServer


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: Any) -> Iterator[RabbitServer]:
  rabbit = RabbitServer(tmp_path_factory.mktemp("rabbitmq"))
  yield rabbit
  rabbit.end()


@pytest.fixture(autouse=True)
def no_queues(rabbit: RabbitServer) -> Iterator[None]:
  """A queue that one test has left would be the next one's."""
  yield
  with rabbit.connection() as connection:
    connection.channel().queue_delete("celery")


class RabbitStage(Stage):
  """Workers on RabbitMQ, which record their runs in a Redis."""

  def __init__(self, rabbit: RabbitServer, server: Server, folder: pathlib.Path, once: Optional[Dict[str, Any]],
               celery: str) -> None:
    # The guard finds its Redis by the setting, for the broker is none.
    conf = {"redis_scheduler_url": server.url(0), "broker_transport_options": {}}
    super().__init__(server, folder, once, conf, celery)
    self.rabbit = rabbit
    self.environment["GUARD_BROKER"] = rabbit.url

  def send(self, task: str, *args: Any, name: str = "", copies: int = 1) -> str:
    """Puts a message on the queue as beat-watch does, and gives the task's id."""
    task_id = str(uuid.uuid5(NAMESPACE, name or str(uuid.uuid4())))
    headers = json.loads(message(task, task_id, args))["headers"]
    body = json.dumps([args, {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]).encode()
    for _ in range(copies):
      self.rabbit.publish(
        body, content_type="application/json", content_encoding="utf-8", application_headers=headers, delivery_mode=2,
        priority=0, correlation_id=task_id, reply_to=task_id)
    return task_id

  def wait_until_empty(self) -> None:
    """No message waits in the queue or to be acknowledged: workers that are gone would have brought those back."""
    wait_for(lambda: self.rabbit.count() == 0, self.logs)


def stage_of(
    rabbit: RabbitServer, server: Server, folder: pathlib.Path, once: Optional[Dict[str, Any]] = {},
    celery: str = "5.7") -> RabbitStage:
  return RabbitStage(rabbit, server, folder, once, celery)


@pytest.mark.parametrize("celery,pool", [("5.7", "prefork"), ("5.7", "threads"), ("5.6", "prefork")])
def test_a_message_that_the_broker_has_twice_is_run_once(
    rabbit: RabbitServer, server: Server, tmp_path: pathlib.Path, celery: str, pool: str) -> None:
  stage = stage_of(rabbit, server, tmp_path, celery=celery)
  try:
    worker = stage.worker(pool).wait_until_ready()
    task_id = stage.send("hold", copies=2)
    stage.wait_for_kinds(task_id, ["start"])
    # While it runs, the copy goes back to the queue; afterwards it has been run.
    worker.wait_for("comes back")
    stage.open(task_id)
    stage.wait_for_kinds(task_id, ["start", "end"])
    worker.wait_for("it has been run")
    stage.wait_until_empty()
    assert stage.kinds(task_id) == ["start", "end"]
    key, = stage.broker.keys("reactivebeat:once:*:" + task_id)
    assert stage.broker.get(key) == b"0.0", "the record is in the Redis of the setting"
  finally:
    stage.end()


def test_without_the_guard_it_is_run_twice(rabbit: RabbitServer, server: Server, tmp_path: pathlib.Path) -> None:
  stage = stage_of(rabbit, server, tmp_path, once=None)
  try:
    stage.worker().wait_until_ready()
    task_id = stage.send("work", 0, copies=2)
    wait_for(lambda: stage.kinds(task_id).count("end") == 2, stage.logs)
  finally:
    stage.end()


def test_the_run_of_a_killed_worker_is_run(rabbit: RabbitServer, server: Server, tmp_path: pathlib.Path) -> None:
  """RabbitMQ delivers the message again as soon as the connection is gone, before the run's lease is over."""
  stage = stage_of(rabbit, server, tmp_path)
  try:
    first = stage.worker().wait_until_ready()
    task_id = stage.send("hold")
    stage.wait_for_kinds(task_id, ["start"])
    first.kill()
    stage.worker().wait_until_ready()
    stage.wait_for_kinds(task_id, ["start", "start"])
    stage.open(task_id)
    stage.wait_for_kinds(task_id, ["start", "start", "end"])
    stage.wait_until_empty()
    assert stage.kinds(task_id) == ["start", "start", "end"]
  finally:
    stage.end()


DOCUMENT = {"name": "h", "task": "work", "enabled": True, "args": [0], "run_immediately": True,
            "interval": {"every": 1, "period": "hours"}}


@pytest.mark.parametrize("celery", VERSIONS)
def test_celery_beat_sends_by_rabbitmq_what_a_worker_runs_once(
    rabbit: RabbitServer, server: Server, tmp_path: pathlib.Path, beat_watch: pathlib.Path, celery: str) -> None:
  folders = [tmp_path / name for name in ("beat", "workers")]
  for folder in folders:
    folder.mkdir()
  beats = BeatStage(server, folders[0], beat_watch, celery)
  workers = stage_of(rabbit, server, folders[1], celery=celery)
  beats.environment["STAGE_BROKER"] = rabbit.url
  beats.write("app.conf.reactivebeat_broker_declare = 'application'\n")
  server.client(1).set("tasks:meta:h", json.dumps(DOCUMENT))
  try:
    beat = beats.beat()
    beat.wait_for("notice ready")
    shown: List[str] = pathlib.Path(f"/proc/{beat.pid}/cmdline").read_text().split("\0")
    assert "amqp" not in "".join(shown)
    # Nobody has declared the queue but the daemon. What it has sent is put there twice.
    sent = wait_for(lambda: _take(rabbit), lambda: beat.text)
    task_id = sent.properties["correlation_id"]
    body = sent.body if isinstance(sent.body, bytes) else sent.body.encode()
    for _ in range(2):
      rabbit.publish(body, **sent.properties)
    worker = workers.worker().wait_until_ready()
    workers.wait_for_kinds(task_id, ["start", "end"])
    worker.wait_for("it has been run")
    workers.wait_until_empty()
    assert workers.kinds(task_id) == ["start", "end"]
    assert beat.end() == 0
    assert "guest:guest" not in beat.text
  finally:
    beats.end()
    workers.end()


def _take(rabbit: RabbitServer) -> Any:
  import amqp
  try:
    return rabbit.take()
  except amqp.NotFound:
    return None


def test_without_a_store_celery_beat_says_what_to_set(
    rabbit: RabbitServer, server: Server, tmp_path: pathlib.Path, beat_watch: pathlib.Path) -> None:
  stage = BeatStage(server, tmp_path, beat_watch, "5.7")
  stage.environment["STAGE_BROKER"] = rabbit.url.replace("guest:guest", "guest:hunter2-secret")
  stage.write("app.conf.redis_scheduler_url = None\n")
  try:
    beat = stage.beat()
    assert beat.ended() == 78
    assert "redis_scheduler_url: the broker is RabbitMQ (amqp://localhost:" in beat.text
    assert "hunter2" not in beat.text and "Traceback" not in beat.text
  finally:
    stage.end()
