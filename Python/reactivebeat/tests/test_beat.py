"""`celery -A proj beat -S reactivebeat`, by the real command of both versions of Celery."""

import contextlib
import json
import os
import pathlib
import re
import shlex
import signal
import socket
import threading
from typing import Any, Iterator

import pytest
from beat_stage import VERSIONS, Stage, executable, resident
from conftest import PROJECT, Server
from guard_stage import wait_for
from redis import exceptions

from reactivebeat import invocation
from reactivebeat.schedulers import _is_passing


@pytest.fixture(params=VERSIONS)
def stage(request: Any, server: Server, tmp_path: pathlib.Path, beat_watch: pathlib.Path) -> Iterator[Stage]:
  stage = Stage(server, tmp_path, beat_watch, request.param)
  yield stage
  stage.end()


def test_it_becomes_the_daemon_and_fires(stage: Stage, beat_watch: pathlib.Path) -> None:
  stage.write("app.conf.update(timezone='Europe/Berlin', task_routes={'proj.*': 'hellos'})")
  stage.store.set("tasks:meta:h", json.dumps({
    "name": "h", "task": "proj.hello", "enabled": True, "interval": {"every": 1, "period": "seconds"}}))
  beat = stage.beat()
  banner = beat.wait_for(". schedules ->")
  assert f"{stage.server.url(1)} (tasks:meta:*)" in banner
  assert ". beat-watch's log -> [stderr]@info" in beat.text
  assert ". commands -> python -m reactivebeat -A proj list" in beat.text
  beat.wait_for("notice ready")
  assert executable(beat.pid) == os.path.realpath(beat_watch), "nothing of Python is left"
  assert resident(beat.pid) < 25_000
  assert pathlib.Path(f"/proc/{beat.pid}/cmdline").read_bytes() == b"celery beat: beat-watch\0run\0"
  manifest = json.loads(stage.store.get("reactivebeat:tasks:meta:application"))
  assert (manifest["application"], manifest["timezone"]) == ("proj", "Europe/Berlin")

  stage.start("worker", "-P", "solo", "-Q", "hellos", "--without-gossip", "--without-mingle")
  assert stage.hello() == b"there"
  assert beat.end() == 0
  assert "info stopped" in beat.text


def test_the_class_by_its_path(stage: Stage) -> None:
  beat = stage.start("beat", "--scheduler", "reactivebeat.schedulers.RedisScheduler")
  beat.wait_for("notice ready")
  assert beat.end(signal.SIGINT) == 0


def test_options(stage: Stage) -> None:
  """Each that has no effect says so, the pid file stays that of the process, and the log goes on in its file."""
  log, pids = stage.folder / "beat.log", stage.folder / "beat.pid"
  log.write_text("before\n")
  stage.write("file = os.open(__file__, os.O_RDONLY)\nos.set_inheritable(file, True)\n")
  beat = stage.beat("-s", "schedule.db", "--max-interval", "7", "--logfile", "beat.log", "--pidfile", "beat.pid",
                    "-l", "debug")
  beat.wait_for("notice ready", log)
  lines = log.read_text().splitlines()
  assert lines[0] == "before", "it is appended to"
  assert sum("-s/--schedule has no effect: the schedules are in Redis" in line for line in lines) == 1
  assert sum("--max-interval has no effect: beat-watch sleeps until" in line for line in lines) == 1
  assert b"BEAT_WATCH_LOG_LEVEL=debug" in pathlib.Path(f"/proc/{beat.pid}/environ").read_bytes().split(b"\0")
  assert int(pids.read_text()) == beat.pid
  assert {os.readlink(f"/proc/{beat.pid}/fd/{file}") for file in (1, 2)} == {str(log)}
  assert not any("proj.py" in os.readlink(path) for path in pathlib.Path(f"/proc/{beat.pid}/fd").iterdir())
  ignored = re.search(r"^SigIgn:\s+(\w+)$", pathlib.Path(f"/proc/{beat.pid}/status").read_text(), re.MULTILINE)
  assert ignored is not None and not int(ignored[1], 16) >> (signal.SIGXFSZ - 1) & 1, "Python ignores it"
  assert "notice ready" not in beat.text
  assert beat.end() == 0
  assert not list(stage.folder.glob("schedule.db*"))


def test_without_options_the_daemon_logs_as_it_does_itself(stage: Stage) -> None:
  beat = stage.beat()
  assert beat.wait_for(" info ")
  assert "has no effect" not in beat.text and "WARNING" not in beat.text.replace("%WARNING", "")
  beat.kill()
  beat = stage.beat("-l", "WARNING")
  beat.wait_for(". beat-watch's log -> [stderr]@warning")
  wait_for(lambda: stage.store.hlen("reactivebeat:tasks:meta:daemons") > 1, lambda: beat.text)
  assert beat.end() == 0
  assert " info " not in beat.text


def test_what_the_daemon_does_not_do_is_said(stage: Stage) -> None:
  stage.write("app.conf.beat_enable_remote_control = True\n"
              "from celery.signals import before_task_publish\n"
              "@before_task_publish.connect(weak=False)\ndef heard(**more): pass\n"
              "from celery.signals import beat_init\n"
              "@beat_init.connect(weak=False)\ndef begins(**more):\n"
              "  import sys\n  sys.__stdout__.write('it begins\\n')\n")
  beat = stage.beat()
  beat.wait_for("notice ready")
  assert "it begins" in beat.text, "what was printed is not lost"
  assert beat.text.count("before_task_publish has receivers, which beat-watch does not call") == 1
  assert beat.text.count("beat_enable_remote_control has no effect") == 1


@pytest.mark.parametrize("more, status, line", [
  ("app.conf.broker_url = 'memory://user:secret@localhost//'", 78,
   "broker_url: beat-watch speaks with Redis and RabbitMQ, and this application's broker is memory://: set broker_url to"),
  ("app.conf.redis_scheduler_url = 'redis://:secret@localhost/x'", 78, "redis_scheduler_url: "),
  ("app.conf.timezone = 'Europe/Berln'", 78, "timezone: 'Europe/Berln' is no time zone of this system: expected one"),
  ("app.conf.result_backend = 'nope://'", 78, "result_backend: Celery cannot load it: ModuleNotFoundError: No module"),
  ("app.conf.reactivebeat_conflicts = 'ask'", 78, "reactivebeat_conflicts: expected keep or reset, found 'ask'"),
  ("app.conf.reactivebeat_publish_at_start = 'no'", 78,
   "reactivebeat_publish_at_start: expected True or False, found 'no'"),
  ("from reactivebeat import binary\nbinary.NAME = 'beat-none'", 127, "beat-none is neither where the Python package"),
])
def test_what_must_be_mended_first_is_one_line(
    stage: Stage, more: str, status: int, line: str) -> None:
  stage.write(more)
  beat = stage.beat("--pidfile", "beat.pid")
  assert beat.ended() == status
  lines = beat.text.splitlines()
  found = [text for text in lines if "CRITICAL" in text]
  assert len(found) == 1 and line in found[0]
  assert "Traceback" not in beat.text and "secret" not in beat.text
  assert not (stage.folder / "beat.pid").exists()


def test_another_applications_manifest(stage: Stage) -> None:
  stage.store.set("reactivebeat:tasks:meta:application", json.dumps({"version": 1, "application": "shop"}))
  beat = stage.beat("--pidfile", "beat.pid")
  assert beat.ended() == 78
  assert "the application shop has published its manifest" in beat.text
  assert "Traceback" not in beat.text
  assert not (stage.folder / "beat.pid").exists()
  stage.write("app.conf.reactivebeat_publish_at_start = False")
  beat = stage.beat()
  beat.wait_for("notice ready")
  assert json.loads(stage.store.get("reactivebeat:tasks:meta:application"))["application"] == "shop"


def test_it_waits_for_redis(stage: Stage) -> None:
  stage.server.end()
  beat = stage.beat()
  assert "; is redis-server running there?; trying" in beat.wait_for("trying again each second")
  assert executable(beat.pid) != os.path.realpath(stage.folder / "bin/beat-watch")
  server = Server(pathlib.Path(stage.server.socket).parent)
  try:
    beat.wait_for("notice ready")
    assert beat.text.count("trying again") == 1
    assert stage.server.client(1).exists("reactivebeat:tasks:meta:application")
    assert beat.end() == 0
  finally:
    server.end()


@pytest.mark.parametrize("refuse, take", [
  (["REPLICAOF", "localhost", "1"], ["REPLICAOF", "NO", "ONE"]),
  (["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"]),
  (["CONFIG", "SET", "min-replicas-to-write", "1"], ["CONFIG", "SET", "min-replicas-to-write", "0"]),
])
def test_it_waits_for_a_redis_that_takes_no_writes_for_a_while(stage: Stage, refuse: Any, take: Any) -> None:
  stage.write("app.conf.beat_schedule = {'h': {'task': 'proj.hello', 'schedule': 3600}}")
  stage.store.execute_command(*refuse)
  beat = stage.beat()
  beat.wait_for("trying again each second")
  stage.store.execute_command(*take)
  beat.wait_for("schedules=1")
  assert "ERROR" not in beat.text and beat.text.count("trying again") == 1
  assert beat.end() == 0


@pytest.mark.parametrize("error, passes", [
  (exceptions.ConnectionError("Connection refused"), True), (exceptions.TimeoutError(), True),
  (exceptions.BusyLoadingError("Redis is loading the dataset in memory"), True),
  (exceptions.ResponseError("MISCONF Redis is configured to save RDB snapshots, but"), True),
  (exceptions.ResponseError("Error running script (call to f_1): @user_script:7: -READONLY You can't write"), True),
  (exceptions.ResponseError("ERR Error running script (call to f_1): @user_script:7: -MISCONF Redis is"), True),
  (exceptions.MasterDownError("Link with MASTER is down"), True),
  (exceptions.NoPermissionError("this user has no permissions to run the 'eval' command"), False),
  (exceptions.AuthenticationError("invalid username-password pair or user is disabled."), False),
  (exceptions.ResponseError("unknown command 'EVALSHA', the OOM killer"), False),
])
def test_which_refusals_pass(error: Exception, passes: bool) -> None:
  assert _is_passing(error) is passes


def test_no_password_is_shown(stage: Stage) -> None:
  stage.server.client(0).config_set("requirepass", "hunter2")
  url = [stage.server.url(database).replace("://", "://:hunter2@") for database in (0, 1)]
  beat = stage.beat("-l", "debug", STAGE_BROKER=url[0], STAGE_STORE=url[1])
  beat.wait_for("notice ready")
  assert b"hunter2" not in pathlib.Path(f"/proc/{beat.pid}/cmdline").read_bytes()
  assert beat.end() == 0
  assert "hunter2" not in beat.text


def test_the_daemons_user_may_publish(stage: Stage) -> None:
  operations = (PROJECT / "docs" / "operations.md").read_text()
  command = re.search(r"^redis-cli (ACL SETUSER beat (?:.*\\\n)+.*)$", operations, re.MULTILINE)
  assert command is not None
  stage.store.execute_command(*shlex.split(command[1].replace("\\\n", " ")))
  stage.write("app.conf.beat_schedule = {'h': {'task': 'proj.hello', 'schedule': 3600}}")
  url = [stage.server.url(database).replace("://", "://beat:secret@") for database in (0, 1)]
  beat = stage.beat(STAGE_BROKER=url[0], STAGE_STORE=url[1])
  beat.wait_for("schedules=1")
  assert "ERROR" not in beat.text
  assert beat.end() == 0
  # One that may not, is told so, and the daemon starts all the same.
  stage.store.execute_command("ACL", "SETUSER", "beat", "-hscan")
  beat = stage.beat(STAGE_BROKER=url[0], STAGE_STORE=url[1])
  beat.wait_for("was not published")
  beat.wait_for("notice application")


def test_a_worker_with_beat_inside(stage: Stage, beat_watch: pathlib.Path) -> None:
  """Beat's process becomes the daemon, and ends with the worker, killed or not."""
  stage.store.set("tasks:meta:h", json.dumps({
    "name": "h", "task": "proj.hello", "enabled": True, "interval": {"every": 1, "period": "seconds"}}))

  def started(pool: str) -> "tuple[Any, int]":
    worker = stage.start("worker", "-B", "-P", pool, "-c", "1", "--scheduler", "reactivebeat", "-s", "x",
                         "--without-gossip", "--without-mingle", "--logfile", "worker-%p.log", "--pidfile", "worker.pid")
    def child() -> Any:
      children = pathlib.Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
      return next((int(pid) for pid in children if executable(int(pid)).find("beat-watch") >= 0), None)
    return worker, wait_for(child, lambda: worker.text)

  worker, pid = started("solo")
  assert stage.hello() == b"there"
  log = next(stage.folder.glob("worker-*.log"))
  worker.wait_for("notice ready", log)
  assert "-s/--schedule has no effect" in log.read_text()
  assert int((stage.folder / "worker.pid").read_text()) == worker.pid, "the worker's, of which the daemon knows nothing"
  assert worker.end() == 0
  wait_for(lambda: not os.path.exists(f"/proc/{pid}"), lambda: log.read_text())
  assert log.read_text().count("info stopped") == 1

  if b"BEAT_WATCH_PARENT" not in beat_watch.read_bytes():
    pytest.skip("this beat-watch does not know BEAT_WATCH_PARENT")
  (stage.folder / "worker.pid").unlink(missing_ok=True)
  worker, pid = started("prefork")
  worker.end(signal.SIGKILL)
  wait_for(lambda: not os.path.exists(f"/proc/{pid}"), lambda: log.read_text())


def test_a_killed_workers_beat_publishes_no_more(stage: Stage) -> None:
  """By then newer code may have been published."""
  stage.server.end()
  worker = stage.start("worker", "-B", "-c", "1", "--scheduler", "reactivebeat", "-s", "x", "--without-gossip",
                       "--without-mingle")
  worker.wait_for("trying again each second")
  family = [int(pid) for path in pathlib.Path(f"/proc/{worker.pid}/task").glob("*/children")
            for pid in path.read_text().split()]
  assert family
  worker.popen.kill()  # Only it, and none of its children.
  worker.popen.wait()
  try:
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in family), lambda: worker.text)
  finally:
    with contextlib.suppress(ProcessLookupError):
      os.killpg(worker.pid, signal.SIGKILL)


@pytest.mark.parametrize("parent, goes_on", [(os.getppid(), True), (os.getppid() + 1, False), (None, True)])
def test_whose_parent_has_ended(monkeypatch: pytest.MonkeyPatch, parent: "int | None", goes_on: bool) -> None:
  monkeypatch.setattr(invocation, "parent_process", lambda: parent)
  monkeypatch.setattr(invocation.ctypes, "CDLL", lambda _: None)  # As where there is no prctl.
  assert invocation.follow_parent() is goes_on


def test_only_the_worker_speaks_with_the_service_manager(stage: Stage) -> None:
  manager = {"NOTIFY_SOCKET": str(stage.folder / "notify.sock"), "WATCHDOG_USEC": "30000000"}
  listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
  listener.bind(manager["NOTIFY_SOCKET"])
  listener.settimeout(60)
  worker = stage.start("worker", "-B", "-P", "solo", "--scheduler", "reactivebeat", "--without-gossip",
                       "--without-mingle", **manager)
  worker.wait_for("notice leading")
  listener.setblocking(False)
  with pytest.raises(BlockingIOError):
    listener.recv(1_000)
  assert worker.end() == 0
  listener.settimeout(60)
  stage.beat(**manager).wait_for("notice leading")
  assert listener.recv(1_000).startswith(b"STATUS=")
  listener.close()


THREADED = """
import threading, time, sys
from celery.beat import EmbeddedService
from proj import app
service = EmbeddedService(app, thread=True, scheduler_cls="reactivebeat")
service.start()
sys.stdin.readline()
service.stop()
service.service.scheduler.close()
print("stopped", service.service.scheduler._child.status)
"""


def test_a_thread_starts_a_child(stage: Stage) -> None:
  import subprocess
  stage.write("app.conf.include = ['more']\n")
  (stage.folder / "more.py").write_text("from proj import app\n@app.task(name='more.task')\ndef task(): pass\n")
  process = subprocess.Popen(
    [stage.program, "-c", THREADED], cwd=stage.folder, env=stage.environment, stdin=subprocess.PIPE,
    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
  try:
    wait_for(lambda: stage.store.hlen("reactivebeat:tasks:meta:daemons"), lambda: f"{process.poll()}")
    assert "more.task" in json.loads(stage.store.get("reactivebeat:tasks:meta:application"))["tasks"], "of `include`"
    tree = pathlib.Path(f"/proc/{process.pid}/task")
    children = [pid for path in tree.glob("*/children") for pid in path.read_text().split()]
    assert [executable(int(pid)).find("beat-watch") >= 0 for pid in children] == [True]
    assert os.getsid(int(children[0])) == int(children[0])
    out, _ = process.communicate("stop\n", 60)
    assert "stopped 0" in out.splitlines() and "info stopped" in out
    assert process.returncode == 0
    assert not os.path.exists(f"/proc/{children[0]}")
  finally:
    process.kill()


def test_a_child_that_ends_is_told(stage: Stage) -> None:
  import subprocess
  process = subprocess.Popen(
    [stage.program, "-c", "import logging\nlogging.basicConfig()" + THREADED], cwd=stage.folder, env=stage.environment,
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
  try:
    wait_for(lambda: stage.store.hlen("reactivebeat:tasks:meta:daemons"), lambda: f"{process.poll()}")
    tree = pathlib.Path(f"/proc/{process.pid}/task")
    child = next(int(pid) for path in tree.glob("*/children") for pid in path.read_text().split())
    os.kill(child, signal.SIGKILL)
    said: "list[str]" = []
    assert process.stdout is not None
    reader = threading.Thread(target=said.extend, args=[process.stdout], daemon=True)
    reader.start()
    wait_for(lambda: "beat-watch has ended with status 137: nobody fires from here any more" in "".join(said),
             lambda: "".join(said))
  finally:
    process.kill()


def test_detached(stage: Stage) -> None:
  beat = stage.beat("--detach", "--logfile", "beat.log", "--pidfile", "beat.pid")
  log = stage.folder / "beat.log"
  assert beat.ended() == 0
  wait_for(lambda: log.exists() and "notice ready" in log.read_text(), lambda: beat.text)
  pid = int((stage.folder / "beat.pid").read_text())
  try:
    assert executable(pid).find("beat-watch") >= 0
    assert os.getsid(pid) != os.getsid(0)
  finally:
    os.kill(pid, signal.SIGTERM)
  wait_for(lambda: not os.path.exists(f"/proc/{pid}"), lambda: log.read_text())


def test_the_pid_file_goes_with_the_daemon(stage: Stage, beat_watch: pathlib.Path) -> None:
  if b"BEAT_WATCH_PIDFILE" not in beat_watch.read_bytes():
    pytest.skip("this beat-watch does not know BEAT_WATCH_PIDFILE")
  beat = stage.beat("--pidfile", "beat.pid")
  beat.wait_for("notice ready")
  assert beat.end() == 0
  assert not (stage.folder / "beat.pid").exists()


def test_schedules_in_the_code_are_in_step(stage: Stage) -> None:
  """What the code has is a schedule when the daemon starts; a hand's change is told and stays; what left is removed."""
  def stored(name: str) -> Any:
    data = stage.store.get("tasks:meta:" + name)
    return data and json.loads(data)

  stage.write("app.conf.beat_schedule = {'often': {'task': 'proj.hello', 'schedule': 0.2, 'args': ['code']},\n"
              "  'gone': {'task': 'proj.hello', 'schedule': 3600}}\n")
  beat = stage.beat()
  beat.wait_for("schedules=2")
  stage.start("worker", "-P", "solo", "--without-gossip", "--without-mingle")
  assert stage.hello() == b"code"
  wait_for(lambda: stored("often").get("total_run_count"), lambda: str(stored("often")))
  assert beat.end() == 0

  runs = stored("often")["total_run_count"]
  stage.store.set("tasks:meta:often", json.dumps(dict(stored("often"), args=["hand"])))
  stage.write("app.conf.beat_schedule = {'often': {'task': 'proj.hello', 'schedule': 3600, 'args': ['code']}}\n")
  dry = stage.publish("--dry-run")
  assert 'schedule often: interval {"every": 0.2, "period": "seconds"} -> interval {"every": 3600' in "\n".join(dry)
  assert "schedule gone: removed: it is no longer in the code" in dry
  told = ("schedule often: was changed by hand, and stays so: args (the code: another value, which is not shown); "
          "--conflicts reset sets it back")
  assert f"warning: {told}" in dry
  beat = stage.beat("-l", "info")
  beat.wait_for("schedules=1")
  assert told in beat.text
  assert "schedule gone: removed" in beat.text
  assert "hand\"" not in beat.text, "arguments may be secret"
  assert (stored("often")["args"], stored("often")["interval"]["every"]) == (["hand"], 3600)
  assert stored("often")["total_run_count"] >= runs and stored("gone") is None

  # An entry that the daemon would set aside keeps nothing from running.
  stage.write("app.conf.beat_schedule = {'often': {'task': 'proj.hello', 'schedule': 0}}\n")
  refused = stage.beat()
  refused.wait_for("schedule often: cannot be published: interval.every 0: 0 seconds is not positive")
  refused.wait_for("schedules=1")
  assert stored("often")["interval"]["every"] == 3600
  assert refused.end() == 0

  # The running daemon hears a deployment.
  stage.write("app.conf.beat_schedule = {'new': {'task': 'proj.hello', 'schedule': 0.2, 'args': ['deployed']},\n"
              "  'often': {'task': 'proj.hello', 'schedule': 3600, 'args': ['code']}}\n")
  lines = stage.publish("--conflicts", "reset")
  assert "schedule often: args: another value, which is not shown (set back)" in lines
  assert lines[-1].startswith("published: proj, 1 tasks, 2 schedules, 2 changes, in ")
  wait_for(lambda: b"deployed" in stage.notes.lrange("hello", 0, -1), lambda: beat.text)
