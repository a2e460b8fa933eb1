"""An application whose schedules are in MongoDB, by the real command of both versions of Celery. SecantusDB stands in
for mongod."""

import json
import os
import pathlib
import subprocess
from typing import Any, Iterator, List

import pytest
from beat_stage import VERSIONS, Process, Stage, executable
from conftest import Server
from guard_stage import wait_for
from mongo_stage import MongoServer

#: As celerybeat-mongo 0.2.0 writes it, with mongoengine.
DOCUMENT = """client.shop.timers.insert_one({
  "_cls": "PeriodicTask", "name": "h", "task": "proj.hello", "enabled": True, "args": ["you"], "kwargs": {},
  "interval": {"_cls": "Interval", "every": 1, "period": "seconds"}, "total_run_count": 0, "max_run_count": 0,
  "run_immediately": False})"""

#: A program of which beat is a thread.
THREAD = """
import logging, signal, threading
from celery.beat import EmbeddedService
from proj import app
logging.basicConfig(level="WARNING")
end = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: end.set())
service = EmbeddedService(app, thread=True, scheduler_cls="reactivebeat")
service.start()
end.wait()
service.stop()
"""


@pytest.fixture
def mongo(tmp_path: pathlib.Path) -> Iterator[MongoServer]:
  mongo = MongoServer(tmp_path)
  yield mongo
  mongo.end()


def settings(mongo: MongoServer) -> str:
  return (f"app.conf.update(redis_scheduler_url=None, mongodb_scheduler_url={mongo.url!r}, "
          "mongodb_scheduler_db='shop', mongodb_scheduler_collection='timers', "
          "task_routes={'proj.*': 'hellos'}, timezone='Europe/Berlin')\n")


@pytest.fixture(params=VERSIONS)
def stage(
    request: Any, server: Server, mongo: MongoServer, tmp_path: pathlib.Path,
    beat_watch: pathlib.Path) -> Iterator[Stage]:
  folder = tmp_path / "stage"
  folder.mkdir()
  stage = Stage(server, folder, beat_watch, request.param)
  stage.write(settings(mongo))
  yield stage
  stage.end()


def run(stage: Stage, *arguments: str) -> "subprocess.CompletedProcess[str]":
  return subprocess.run(
    [stage.program, "-m", "reactivebeat", *arguments], cwd=stage.folder, env=stage.environment,
    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def manifest(mongo: MongoServer) -> Any:
  document = json.loads(mongo.python(
    "import json; print(json.dumps(client.shop['timers.reactivebeat.daemon'].find_one({'_id': 'application'})))"))
  return document and json.loads(document["manifest"])


def test_beat_fires_a_document_of_celerybeat_mongo_by_the_applications_routes(
    stage: Stage, mongo: MongoServer, beat_watch: pathlib.Path) -> None:
  mongo.python(DOCUMENT)
  beat = stage.beat()
  assert f". schedules -> {mongo.url}, shop.timers" in beat.wait_for(". schedules ->")
  beat.wait_for("notice ready")
  assert executable(beat.pid) == os.path.realpath(beat_watch), "nothing of Python is left"
  found = manifest(mongo)
  assert (found["application"], found["timezone"], found["tasks"]["proj.hello"]["queue"]) == (
    "proj", "Europe/Berlin", "hellos")
  stage.start("worker", "-P", "solo", "-Q", "hellos", "--without-gossip", "--without-mingle")
  assert stage.hello() == b"you"

  def counted() -> bool:
    return int(mongo.python("print(client.shop.timers.find_one()['total_run_count'])")) > 0
  wait_for(counted, lambda: beat.text)
  mongo.python("client.shop.timers.update_one({'name': 'h'}, {'$set': {'args': ['all']}})")
  wait_for(lambda: stage.hello() == b"all", lambda: beat.text)
  row, = json.loads(run(stage, "-A", "proj", "list", "--json").stdout)
  assert (row["name"], row["state"]) == ("h", "enabled")
  assert beat.end() == 0
  assert not stage.store.keys("*"), "nothing is in Redis but the queues"


def test_the_class_by_its_path_and_what_it_says(stage: Stage, mongo: MongoServer) -> None:
  stage.write(settings(mongo) + "app.conf.redis_scheduler_url = 'redis://nowhere.invalid'\n"
              "app.conf.mongodb_scheduler_connection_alias = 'x'\napp.conf.beat_schedule = "
              "{'code': {'task': 'proj.hello', 'schedule': 30}}\n")
  beat = stage.start("beat", "-S", "reactivebeat.schedulers.MongoScheduler", "-s", "file")
  beat.wait_for("notice ready")
  assert "mongodb_scheduler_connection_alias has no effect: beat-watch has connections of its own" in beat.text
  assert "beat_schedule, with 1 schedule, is not kept in step, for the store is in MongoDB" in beat.text
  assert "-s/--schedule has no effect: the schedules are in Redis, or in MongoDB" in beat.text
  assert beat.end() == 0
  refused = stage.beat()
  assert refused.ended() == 78
  assert "redis_scheduler_url: the application names a store in MongoDB too" in refused.text


def test_it_waits_for_a_mongodb_that_is_not_there_yet(stage: Stage, mongo: MongoServer, tmp_path: pathlib.Path) -> None:
  stage.write(settings(mongo).replace(mongo.url, "mongodb://127.0.0.1:1"))
  beat = stage.beat()
  line = beat.wait_for("; trying again each second")
  assert "mongodb://127.0.0.1:1" in line and "Traceback" not in beat.text
  assert beat.end() == 0


def test_a_worker_with_beat_and_a_thread(stage: Stage) -> None:
  worker = stage.start("worker", "-B", "--scheduler", "reactivebeat", "-c", "1", "-l", "INFO")
  worker.wait_for("notice ready")
  assert "published what the application proj says of its " in worker.text
  assert worker.end() == 0
  # A program that starts the service itself has named no application, by which beat-watch could load it.
  thread = Process(stage, [stage.program, "-c", THREAD], {})
  stage.processes.append(thread)
  thread.wait_for("notice ready")
  assert "is not published, for nothing names the application here: python -m reactivebeat publish" in thread.text
  assert thread.end() == 0


def test_publish(stage: Stage, mongo: MongoServer) -> None:
  stage.write(settings(mongo) + "app.conf.beat_schedule = {'code': {'task': 'proj.hello', 'schedule': 30}}\n")
  lines: List[str] = stage.publish("--dry-run")
  assert lines[-1].startswith("would publish what the application proj says of its ")
  assert manifest(mongo) is None
  lines = stage.publish()
  assert lines[0].startswith("warning: beat_schedule, with 1 schedule, is not kept in step")
  assert lines[-1].startswith("published what the application proj says of its ")
  assert manifest(mongo)["application"] == "proj"
  assert mongo.python("print(client.shop.timers.count_documents({}))") == "0\n"
  command = lines[0].partition("`python -m reactivebeat ")[2].partition("`")[0]
  done = run(stage, *command.split(), "--python", stage.program)
  assert done.returncode == 0 and done.stdout.endswith("2 written\n"), done.stderr  # Celery's own backend_cleanup too.
  assert mongo.python("print(sorted(client.shop.timers.distinct('name')))") == "['celery.backend_cleanup', 'code']\n"

  stage.write(settings(mongo) + "app.conf.reactivebeat_application = 'other'\n")
  done = run(stage, "publish", "-A", "proj")
  assert done.returncode == 73 and done.stderr.startswith("reactivebeat: the manifest is not published: "), done.stderr
  beat = stage.beat()
  assert beat.ended() == 78 and "the manifest is not published: " in beat.text
  assert run(stage, "publish", "-A", "proj", "--replace").returncode == 0
  assert manifest(mongo)["application"] == "other"
