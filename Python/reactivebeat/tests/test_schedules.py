"""Schedules on a real Redis, with the daemon."""

import datetime
import hashlib
import json
import pathlib
import threading
import time
from typing import Any, Callable, Iterator

import pytest
import redis
from celery import Celery
from celery.schedules import crontab
from conftest import Daemon, Server

from reactivebeat import (
  Conflict, InvalidSchedule, InvalidSetting, NoDaemon, NotFound, ReactiveBeatError, Rejected, Schedules,
  UnsupportedBroker, runs)
from reactivebeat.keys import Keys
from reactivebeat.publish import publish_application
from reactivebeat.steps import Command
from reactivebeat.store import Store

UTC = datetime.timezone.utc
FAST = datetime.timedelta(milliseconds=20)


def until(condition: Callable[[], Any], what: str) -> Any:
  """What the condition gives when it is true; a minute at most."""
  deadline = time.monotonic() + 60
  while True:
    found = condition()
    if found:
      return found
    assert time.monotonic() < deadline, what
    time.sleep(0.01)


@pytest.fixture
def beat(server: Server, beat_watch: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Schedules]:
  monkeypatch.setenv("BEAT_WATCH_PROGRAM", str(beat_watch))
  with Schedules.from_url(server.url(1)) as beat:
    yield beat


def test_an_application_and_its_zone(server: Server) -> None:
  app = Celery("proj", broker=server.url(0), set_as_current=False)
  app.conf.timezone = "Europe/Berlin"
  with Schedules(app) as beat:
    beat.put("report", "tasks.report", crontab(hour=2, minute=30))
    assert json.loads(server.client(1).get("tasks:meta:report"))["timezone"] == "Europe/Berlin"
  app.conf.broker_url = "memory://"
  with pytest.raises(UnsupportedBroker):
    Schedules(app)


def test_an_application_on_rabbitmq(server: Server) -> None:
  app = Celery("proj", broker="amqp://u:hunter2-secret@h//", set_as_current=False)
  with pytest.raises(InvalidSetting, match="^redis_scheduler_url: the broker is RabbitMQ"):
    Schedules(app)
  app.conf.redis_scheduler_url = server.url(1)
  with Schedules(app) as beat:
    beat.put("report", "tasks.report", 60)
    assert server.client(1).exists("tasks:meta:report")


def test_put_and_its_receipt(server: Server, daemon: Daemon, beat: Schedules) -> None:
  saving = beat.put("report", "tasks.report", crontab(hour=2, minute=30), kwargs={"x": [1]}, queue="reports")
  receipt = saving.wait()
  assert (receipt.state, receipt.is_accepted, receipt.is_own, receipt.warnings) == ("accepted", True, True, ())
  assert receipt.next is not None and (receipt.next.hour, receipt.next.minute) == (2, 30)
  stored = server.client(1).get("tasks:meta:report")
  assert receipt.sha1 == hashlib.sha1(stored).hexdigest()
  assert saving.document.data == stored
  assert beat["report"].receipt() == receipt
  assert beat["nothing"].receipt() is None


def test_what_only_the_daemon_knows_is_rejected_with_its_reason(daemon: Daemon, beat: Schedules) -> None:
  with pytest.raises(Rejected) as raised:
    beat.put("bad", "t", {"day_of_week": "FRI#2"}).wait()
  assert raised.value.reason.startswith('crontab.day_of_week "FRI#2":')
  assert raised.value.receipt is not None and not raised.value.receipt.is_accepted
  with pytest.raises(Rejected, match=r"bad: jitter 60: must be shorter than the interval"):
    beat.put("bad", "t", 60, jitter=60).wait()
  with pytest.raises(Rejected, match="crontab"):
    beat["bad"].update(lambda draft: setattr(draft, "when", "0 0 30 2 *")).wait()
  assert beat["bad"].update(lambda draft: setattr(draft, "when", 90)).wait().is_accepted


def test_warnings_of_a_receipt(daemon: Daemon, beat: Schedules) -> None:
  receipt = beat.put("w", "t", {"minute": "*/7"}).wait()
  assert receipt.is_accepted and "minute" in receipt.warnings[0]


def test_nothing_is_written_where_something_is_broken(server: Server, beat: Schedules) -> None:
  with pytest.raises(InvalidSchedule):
    beat.put("x", "t", 0)
  with pytest.raises(InvalidSchedule):
    beat.put_document("x", {"name": "x"})
  assert server.client(1).keys("*") == []


def test_put_takes_the_place_of_the_whole_document_and_keeps_what_the_daemon_wrote(
  server: Server, daemon: Daemon, beat: Schedules) -> None:
  beat.put("tick", "t", FAST, queue="q", extra={"mine": 1}).wait()
  until(lambda: beat.get("tick").total_run_count > 2, "it fires")
  beat.put("tick", "t", 3600, args=[1]).wait()
  document = beat.get("tick")
  assert document.total_run_count > 2 and document.last_run_at is not None
  assert document.queue is None and "mine" not in document and document.args == [1]
  assert document.keys()[-2:] == ["last_run_at", "total_run_count"]
  # Again: nothing is written, and the receipt is that of the edit.
  again = beat.put("tick", "t", 3600, args=[1])
  assert not again.is_changed
  assert again.wait().is_accepted
  assert beat.get("tick").data == document.data


def test_a_whole_document_is_stored_as_it_is_written(server: Server, daemon: Daemon, beat: Schedules) -> None:
  text = '{"name":"n",  "task":"t","enabled":true,"x":1.50,"schedule":{"every":1,"period":"hours"}}'
  beat.put_document("n", text).wait()
  assert server.client(1).get("tasks:meta:n") == text.encode()


def test_a_whole_document_may_name_its_count(server: Server, beat: Schedules) -> None:
  document = {"name": "n", "task": "t", "enabled": True, "interval": {"every": 1, "period": "hours"}}
  server.client(1).set("tasks:meta:n", json.dumps({**document, "total_run_count": 7, "last_run_at": 5}))
  assert not beat.put_document("n", document).is_changed
  assert beat.put_document("n", {**document, "total_run_count": 0}).is_changed
  assert (beat.get("n")["total_run_count"], beat.get("n")["last_run_at"]) == (0, 5)


def test_edit(server: Server, daemon: Daemon, beat: Schedules) -> None:
  beat.put("report", "t", 60, extra={"mine": 1}).wait()
  with beat.edit("report") as s:
    assert s.enabled and s["mine"] == 1
    s.enabled = False
    s.queue = "q"
    # Another client is faster, and neither loses anything.
    other = json.loads(server.client(1).get("tasks:meta:report"))
    server.client(1).set("tasks:meta:report", json.dumps({**other, "theirs": 2, "queue": "theirs"}))
  receipt = s.wait()
  assert receipt.is_accepted and receipt.next is None
  document = beat.get("report")
  assert (document.enabled, document.queue, document["theirs"], document["mine"]) == (False, "q", 2, 1)
  assert beat["report"].enable().wait().next is not None
  assert beat["report"].disable().wait().next is None


def test_an_edit_that_fails_or_changes_nothing_writes_nothing(beat: Schedules) -> None:
  before = beat.put("report", "t", 60).document.data
  with pytest.raises(ZeroDivisionError), beat.edit("report") as s:
    s.enabled = False
    raise ZeroDivisionError
  with pytest.raises(ReactiveBeatError, match="the block of edit has not ended, or has failed"):
    s.wait()
  with pytest.raises(InvalidSchedule, match="interval.every"), beat.edit("report") as s:
    s.when = 0
  with pytest.raises(InvalidSchedule, match="enabeld: is not a field of a schedule: is enabled meant"):
    with beat.edit("report") as s:
      s.enabeld = False
  with pytest.raises(InvalidSchedule, match="args: was changed in place"), beat.edit("report") as s:
    s.args = [1]
    s.args.append(2)
  with pytest.raises(AttributeError):
    beat["report"].enabled = False
  with beat.edit("report") as s:
    pass
  assert not s.saving.is_changed
  assert not beat.update("report", lambda draft: None).is_changed
  assert beat.get("report").data == before


def test_an_edit_that_changes_nothing_has_the_receipt_of_what_stands_there(daemon: Daemon, beat: Schedules) -> None:
  receipt = beat.put("report", "t", 60).wait()
  with beat.edit("report") as s:
    s.enabled = True
  assert s.wait() == receipt
  with beat.edit("report") as s:
    pass
  assert s.wait() == receipt


def test_a_schedule_that_is_gone(server: Server, beat: Schedules) -> None:
  beat.put("report", "t", 60)
  with pytest.raises(NotFound, match="report"), beat.edit("report") as s:
    server.client(1).delete("tasks:meta:report")
    s.enabled = False
  for call in (
    lambda: beat.get("report"), lambda: beat.edit("report").__enter__(), lambda: beat["report"].delete(),
    lambda: beat["report"].rename("other"), lambda: beat["report"].fire(1), lambda: beat["report"].enable(),
    lambda: beat["report"].next(),
  ):
    with pytest.raises(NotFound):
      call()
  assert "report" not in beat


def test_update_runs_again_where_somebody_was_faster(beat: Schedules) -> None:
  beat.put("n", "t", 60, extra={"count": 0})
  runs = []

  def add(draft: Any) -> None:
    runs.append(draft["count"])
    if len(runs) == 1:
      beat.update("n", lambda other: other.__setitem__("count", other["count"] + 10))
    draft["count"] = draft["count"] + 1
  beat.update("n", add)
  assert runs == [0, 10] and beat.get("n")["count"] == 11


def test_two_that_add_the_same_both_count(beat: Schedules) -> None:
  beat.put("n", "t", 60, extra={"count": 0})

  def add(draft: Any) -> None:
    draft["count"] = draft["count"] + 1
  threads = [threading.Thread(target=lambda: [beat.update("n", add) for _ in range(25)]) for _ in range(8)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join(60)
  assert beat.get("n")["count"] == 200


def test_changes_within_changes_do_not_wait_for_ever(beat: Schedules, monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.setattr("reactivebeat.runner._COURTESY", 0.1)
  for name in ("a", "b"):
    beat.put(name, "t", 60, extra={"count": 0})
  meeting = threading.Barrier(2)

  def add(draft: Any, other: str = "") -> None:
    draft["count"] = draft["count"] + 1
    if other:
      if draft["count"] == 1:
        meeting.wait(60)
      beat.update(other, add)
  threads = [threading.Thread(target=lambda one=one, other=other: beat.update(one, lambda draft: add(draft, other)))
             for one, other in (("a", "b"), ("b", "a"))]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join(60)
  assert not any(thread.is_alive() for thread in threads)
  assert beat.get("a")["count"] >= 2 and beat.get("b")["count"] >= 2


def test_list(server: Server, beat: Schedules) -> None:
  for name in ("b", "a", "tenant-1", "tenant-2", "ü*"):
    beat.put(name, f"tasks.{name}", 60)
  server.client(1).set("tasks:meta:broken", b"\xff{")
  server.client(1).lpush("tasks:meta:list", 1)
  server.client(1).set("other:a", "{}")
  assert [document.name for document in beat.list()] == ["a", "b", "broken", "tenant-1", "tenant-2", "ü*"]
  assert [document.task for document in beat.list("tenant-*")] == ["tasks.tenant-1", "tasks.tenant-2"]
  assert [schedule.name for schedule in beat][:2] == ["a", "b"]
  assert "a" in beat and "c" not in beat
  assert beat.list("broken")[0].problem is not None
  with pytest.raises(Conflict, match="tasks:meta:list holds no text"):
    beat.get("list")


def test_more_than_a_page(beat: Schedules, server: Server) -> None:
  client = server.client(1)
  for number in range(450):
    client.set(f"tasks:meta:{number:04}", "{}")
  assert [document.name for document in beat.list()] == [f"{number:04}" for number in range(450)]


def test_another_prefix(server: Server) -> None:
  beat = Schedules.from_url(server.url(2), prefix="x[y]:")
  beat.put("n", "t", 60)
  server.client(2).set("xy:other", "{}")
  assert [document.name for document in beat.list()] == ["n"]
  assert server.client(2).exists("x[y]:n") == 1


def test_names_of_any_bytes(server: Server, daemon: Daemon, beat: Schedules) -> None:
  for name in ("a b", "ü", "\udcff", "-x", "q*?[]\\"):
    assert beat.put(name, "t", 60).wait().is_accepted
    assert beat.get(name).task == "t"
    if name != "\udcff":
      assert len(beat[name].next(2)) == 2, name
  assert beat.get("\udcff").label == "\ufffd"


def test_next_is_what_the_daemon_says(daemon: Daemon, beat: Schedules) -> None:
  receipt = beat.put("report", "t", crontab(hour=2, minute=30), timezone="Europe/Berlin").wait()
  due = beat["report"].next(5)
  assert len(due) == 5 and due[0] == receipt.next and due == sorted(due)
  assert due[0].tzinfo is UTC
  beat.put("once", "t", datetime.datetime(2099, 1, 1, tzinfo=UTC))
  assert beat["once"].next() == [datetime.datetime(2099, 1, 1, tzinfo=UTC)]
  with pytest.raises(ValueError, match="1 to 1000"):
    beat["report"].next(0)


def test_next_of_a_document_that_cannot_be_used(server: Server, beat: Schedules) -> None:
  server.client(1).set("tasks:meta:bad", '{"name": "bad"}')
  with pytest.raises(Rejected) as raised:
    beat["bad"].next()
  assert raised.value.reason == "task: is missing"


def test_next_without_the_program(beat: Schedules, monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.delenv("BEAT_WATCH_PROGRAM")
  monkeypatch.setenv("PATH", "/nowhere")
  with pytest.raises(ReactiveBeatError, match="beat-watch"):
    beat["report"].next()


def test_fire_and_history(server: Server, daemon: Daemon, beat: Schedules) -> None:
  start = datetime.datetime.now(UTC) - datetime.timedelta(seconds=5)
  beat.put("report", "tasks.report", 3600, kwargs={"x": 1}).wait()
  beat.put("other", "tasks.other", 3600).wait()
  ids = [beat["report"].fire() for _ in range(3)]
  beat["other"].fire()
  message = json.loads(server.client(0).lrange("celery", -1, -1)[0])
  assert (message["headers"]["task"], message["headers"]["id"]) == ("tasks.report", ids[0])
  history = beat["report"].history()
  assert [run.id for run in history] == ids
  assert {(run.name, run.why) for run in history} == {("report", "manual")}
  assert abs(history[0].at - datetime.datetime.now(UTC)) < datetime.timedelta(minutes=1)
  assert [run.id for run in beat["report"].history(count=2)] == ids[1:]
  assert [run.name for run in beat.history()] == ["report", "report", "report", "other"]
  assert len(beat.history(since=start)) == 4
  assert beat.history(since=start + datetime.timedelta(hours=1)) == []
  beat["report"].delete()
  assert len(beat["report"].history()) == 3


@pytest.mark.parametrize("lost, error", [
  ("HSET", redis.ConnectionError), ("HSET", redis.TimeoutError), ("BLPOP", redis.ConnectionError)])
def test_a_run_whose_request_is_heard_though_its_answer_is_lost(
    server: Server, daemon: Daemon, beat: Schedules, lost: str, error: Any) -> None:
  """Nothing is asked for twice: the daemon has taken out by then what it was asked for first."""
  beat.put("report", "tasks.report", 3600).wait()
  execute, store = beat._runner._execute, server.client(1)
  losses = [lost]

  def lossy(step: Command) -> Any:
    if step.words[0] not in losses:
      return execute(step)
    losses.clear()
    if lost == "HSET":
      execute(step)
    until(lambda: server.client(0).llen("celery") == 1, "it is sent")
    raise error("the connection is gone")

  beat._runner._execute = lossy
  task_id = beat["report"].fire()
  assert not losses
  assert [run.id for run in beat["report"].history()] == [task_id]
  assert server.client(0).llen("celery") == 1 and store.hlen("reactivebeat:tasks:meta:manual") == 0


def test_a_run_whose_request_is_not_taken_is_taken_back(server: Server, beat: Schedules) -> None:
  beat.put("report", "tasks.report", 3600)
  execute = beat._runner._execute

  def lossy(step: Command) -> Any:
    answer = execute(step)
    if step.words[0] == "HSET":
      raise redis.TimeoutError("no answer")
    return answer

  beat._runner._execute = lossy
  with pytest.raises(redis.TimeoutError, match="no answer"):
    beat["report"].fire()
  assert server.client(1).hlen("reactivebeat:tasks:meta:manual") == 0


def test_a_long_history(server: Server, daemon: Daemon, beat: Schedules) -> None:
  client = server.client(1)
  for number in range(1201):
    client.xadd("reactivebeat:tasks:meta:history", {
      "name": f"n{number % 2}", "id": str(number), "due": 1_800_000_000_000_000 + number, "late": 250,
      "why": "schedule"},
      id=f"5-{number}")
  assert [run.id for run in beat["n0"].history(count=1000)] == [str(number) for number in range(0, 1201, 2)]
  assert [run.id for run in beat.history(count=3)] == ["1198", "1199", "1200"]
  assert beat.history(1)[0].late_ms == 0.25


def test_a_run_that_the_daemon_refuses(daemon: Daemon, beat: Schedules) -> None:
  with pytest.raises(Rejected):
    beat.put("bad", "t", 60, jitter=60).wait()
  with pytest.raises(Rejected, match="jitter"):
    beat["bad"].fire()


def test_without_a_daemon(server: Server, beat: Schedules) -> None:
  saving = beat.put("report", "t", 60)
  with pytest.raises(NoDaemon, match="report is saved, and no daemon has said within 0.1 s .* start beat-watch"):
    saving.wait(0.1)
  with pytest.raises(NoDaemon, match="the request is taken back"):
    beat["report"].fire(0.2)
  assert server.client(1).hgetall("reactivebeat:tasks:meta:manual") == {}
  # It is a TimeoutError too, as other libraries have.
  with pytest.raises(TimeoutError):
    saving.wait(0.01)


@pytest.mark.parametrize("timeout", [float("nan"), None, "1", True, [1]])
def test_what_is_no_timeout(beat: Schedules, timeout: Any) -> None:
  saving = beat.put("report", "t", 60)
  for wait in (saving.wait, beat["report"].fire):
    with pytest.raises(InvalidSchedule, match="timeout: expected seconds, or a timedelta, found "):
      wait(timeout)


@pytest.mark.parametrize("timeout", [float("inf"), 10**400, datetime.timedelta(days=1)])
def test_a_long_timeout(daemon: Daemon, beat: Schedules, timeout: Any) -> None:
  assert beat.put("report", "t", 60).wait(timeout).is_accepted
  assert beat["report"].fire(timeout)


@pytest.mark.parametrize("timeout", [0, -1, float("-inf"), -10**400])
def test_no_time_at_all(server: Server, beat: Schedules, timeout: Any) -> None:
  saving = beat.put("report", "t", 60)
  for wait in (saving.wait, beat["report"].fire):
    with pytest.raises(NoDaemon, match="within 0 s"):
      wait(timeout)
  assert not server.client(1).exists("reactivebeat:tasks:meta:manual")


@pytest.mark.parametrize("pattern", ["\ud800", 5, None, b"x"])
def test_what_is_no_pattern(beat: Schedules, pattern: Any) -> None:
  for ask in (beat.list, beat.states):
    with pytest.raises(InvalidSchedule, match="pattern: "):
      ask(pattern)
  assert pattern not in beat and "" not in beat and "x" * 2_000 not in beat


def test_a_name_that_no_program_can_be_given(beat: Schedules) -> None:
  beat.put("a\0b", "t", 60)
  for ask in (beat["a\0b"].next, lambda: beat.states("a\0*")):
    with pytest.raises(ReactiveBeatError, match="a name with a NUL character"):
      ask()
  assert [document.name for document in beat.list("a\0*")] == ["a\0b"]


def test_a_daemon_that_comes_later(
  server: Server, beat_watch: pathlib.Path, tmp_path: pathlib.Path, beat: Schedules) -> None:
  saving = beat.put("report", "t", 3600)
  daemon = Daemon(beat_watch, server, tmp_path)
  try:
    # It was in order when the daemon began, and has no receipt.
    again = beat.put("report", "t", 3600)
    assert not again.is_changed
    receipt = again.wait(0.5)
    assert receipt.is_accepted and receipt.heard is None
    assert saving.document.data == again.document.data
  finally:
    daemon.end()


def test_rename_and_delete(server: Server, daemon: Daemon, beat: Schedules) -> None:
  beat.put("tick", "t", FAST).wait()
  until(lambda: beat.get("tick").total_run_count > 0, "it fires")
  tock = beat["tick"].rename("tock")
  assert tock.name == "tock" and "tick" not in beat
  count = beat.get("tock").total_run_count
  until(lambda: beat.get("tock").total_run_count > count, "the series goes on")
  beat.put("tick", "t", 60)
  with pytest.raises(Conflict, match="tick is there already"):
    tock.rename("tick")
  with pytest.raises(InvalidSchedule, match="name: is empty"):
    tock.rename("")
  # It fires each 20 ms, and is deleted all the same.
  tock.delete()
  assert "tock" not in beat
  with pytest.raises(NotFound):
    tock.delete()


def test_an_edit_that_was_edited_again_is_told_of_the_later_one(
  server: Server, daemon: Daemon, beat: Schedules) -> None:
  beat.put("n", "t", 3600).wait()
  # The daemon is held while both are stored.
  daemon.process.send_signal(19)
  try:
    first = beat["n"].update(lambda draft: setattr(draft, "queue", "a"))
    second = beat["n"].update(lambda draft: setattr(draft, "queue", "b"))
  finally:
    daemon.process.send_signal(18)
  assert second.wait().is_own
  receipt = first.wait()
  assert receipt.is_accepted and not receipt.is_own
  assert receipt.sha1 == hashlib.sha1(second.document.data).hexdigest()


@pytest.mark.parametrize("hears", [True, False])
def test_a_late_receipt_is_heard_or_looked_for(server: Server, beat: Schedules, hears: bool) -> None:
  client = server.client(1)
  client.config_set("notify-keyspace-events", "KA" if hears else "")
  saving = beat.put("n", "t", 3600)
  looks = []
  execute = beat._runner._execute
  beat._runner._execute = lambda step: looks.append(step.words[0]) or execute(step)
  receipt = {"state": "accepted", "next": None, "heard": "2026-11-21T05:00:00Z",
             "sha1": hashlib.sha1(saving.document.data).hexdigest()}

  def answer() -> None:
    client.hset("reactivebeat:tasks:meta:receipts", "n", json.dumps(receipt))
  timer = threading.Timer(1.2, answer)
  timer.start()
  start = time.monotonic()
  assert saving.wait(60).is_accepted
  took = time.monotonic() - start
  timer.join()
  assert took > 1.1
  # No busy loop: some looks at first, and then one each half second.
  assert len(looks) < 20
  if hears:
    assert took < 1.5


def test_a_user_who_may_not_subscribe(server: Server) -> None:
  client = server.client(1)
  client.execute_command(
    "ACL", "SETUSER", "tools", "reset", "on", ">secret", "~tasks:meta:*", "~reactivebeat:tasks:meta:*", "+select",
    "+get", "+set", "+type", "+time", "+eval", "+evalsha", "+hget", "+hmget", "+exists")
  beat = Schedules.from_url(server.url(1).replace("://", "://tools:secret@"))
  saving = beat.put("n", "t", 60)
  with pytest.raises(NoDaemon):
    saving.wait(0.4)
  with pytest.raises(redis.exceptions.NoPermissionError):
    beat.list()


def test_a_connection_that_the_server_has_closed(server: Server, beat: Schedules) -> None:
  beat.put("n", "t", 60)
  server.client(1).execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
  assert beat.get("n").task == "t"
  server.client(1).execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
  assert beat["n"].disable().is_changed


def test_scripts_are_loaded_again_when_the_server_has_forgotten_them(server: Server, beat: Schedules) -> None:
  beat.put("n", "t", 60)
  server.client(1).script_flush()
  assert beat.put("n", "t", 61).is_changed


def test_a_check_before_anything_is_stored(beat: Schedules) -> None:
  """What only the daemon knows is refused with its words and field, without a daemon."""
  with pytest.raises(InvalidSchedule) as raised:
    beat.put("report", "t", 10, jitter=60, check=True)
  assert (raised.value.field, raised.value.reason) == ("jitter", "must be shorter than the interval")
  assert beat.list() == []
  assert beat.put("report", "t", 10, check=True).is_changed
  before = beat.get("report").data
  with pytest.raises(InvalidSchedule) as raised:
    beat.update("report", lambda draft: setattr(draft, "jitter", 60), check=True)
  assert raised.value.field == "jitter"
  with pytest.raises(InvalidSchedule), beat["report"].edit(check=True) as s:
    s.jitter = 60
  assert beat.get("report").data == before
  document = {"name": "a", "task": "t", "enabled": True, "interval": {"every": 10, "period": "hour"}, "jitter": 1e9}
  with pytest.raises(InvalidSchedule, match="^jitter: "):
    beat.put_document("whole", document, check=True)
  assert "whole" not in beat
  beat["report"].update(lambda draft: setattr(draft, "jitter", 6), check=True)
  assert beat.get("report").jitter == 6


def test_only_a_new_one(beat: Schedules) -> None:
  before = beat.put("report", "t", 10, replace=False).document.data
  with pytest.raises(Conflict, match="^report is there already: nothing was stored; choose another name"):
    beat.put("report", "t", 20, replace=False)
  with pytest.raises(Conflict):
    beat.put_document("report", before, replace=False)
  assert beat.get("report").data == before


def test_states(server: Server, beat: Schedules) -> None:
  assert beat.states() == beat.states("nothing*") == []
  beat.put("rests", "t", 10, enabled=False, label="A rest")
  beat.put("report", "t", {"hour": 2, "minute": 30}, timezone="UTC")
  server.client().set("tasks:meta:-bad", b'{"name":"a","task":"t","enabled":true,"interval":{"every":1,"period":"x"}}')
  server.client().set(b"tasks:meta:\xff\n", b"{")
  found = {state.name: state for state in beat.states()}
  assert len(found) == 4
  report = found["report"]
  assert (report.state, report.schedule) == ("enabled", "crontab 30 2 * * * (m/h/dom/mon/dow) UTC")
  assert (report.task, report.reason) == ("t", "")
  assert report.next == beat["report"].next(1)[0]
  assert (report.last_run_at, report.total_run_count) == (None, 0)
  assert (found["rests"].state, found["rests"].next, found["rests"].label) == ("disabled", None, "A rest")
  assert found["-bad"].state == "rejected" and found["-bad"].reason.startswith('interval.period "x": expected one of')
  assert beat.states("-*") == [found["-bad"]]
  "".join(found).encode()  # Even the one that is no UTF-8 can be printed.


def test_owners(server: Server, beat: Schedules) -> None:
  assert beat.owners() == {}
  app = Celery("proj", broker=server.url(0), set_as_current=False)
  app.conf.beat_schedule = {name: {"task": "t", "schedule": 60, "kwargs": {"x": 1}} for name in ("a", "b")}
  app.conf.redis_scheduler_url = server.url(1)
  publish_application(app, beat.settings, None)
  beat.put("hand", "t", 60)
  owners = beat.owners()
  assert {name: owner.application for name, owner in owners.items()} == {"a": "proj", "b": "proj"}
  assert owners["a"].changed(beat.get("a")) == []
  with beat.edit("a") as s:
    s.enabled = False
    s.when = 90
    s.kwargs = {"x": 2}
    s["colour"] = "red"
  assert sorted(owners["a"].changed(beat.get("a"))) == ["enabled", "kwargs", "schedule"]
  assert owners["b"].changed(beat.get("b")) == []
  server.client().delete("reactivebeat:tasks:meta:owned")
  server.client().set("reactivebeat:tasks:meta:owned", "x")
  with pytest.raises(ReactiveBeatError, match="reactivebeat:tasks:meta:owned holds no hash"):
    beat.owners()


def test_a_request_is_taken_back_that_was_interrupted_while_it_was_written() -> None:
  steps = runs.fire(Store(Keys("x:"), 1), "n", 5)
  next(steps)
  steps.send(b"{}")
  written = steps.send((1, 0))
  assert isinstance(written, Command) and written.words[0] == "HSET"
  taken_back = steps.throw(KeyboardInterrupt())
  assert isinstance(taken_back, Command) and taken_back.words == ("HDEL", *written.words[1:3])
  with pytest.raises(KeyboardInterrupt):
    steps.send(1)
