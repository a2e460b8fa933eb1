"""The schedules in an application's code and the documents in Redis."""

import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import threading
from typing import Any, Dict, Iterator, List

import pytest
from celery import Celery
from celery.beat import BeatLazyFunc, ScheduleEntry
from celery.schedules import crontab, schedule
from conftest import PROJECT, Server

from reactivebeat import application
from reactivebeat.entries import Publication, _Publisher, publish_entries
from reactivebeat.errors import ReactiveBeatError

sys.path.append(str(PROJECT / "Tests/Differential"))
from random_application import TASKS, UNKNOWN, Application  # noqa: E402

PREFIX = "tasks:meta:"
OWNED = "reactivebeat:tasks:meta:owned"


def make(entries: Dict[Any, Any], **settings: Any) -> Celery:
  app = Celery("proj", broker="redis://nowhere.invalid:1/0", set_as_current=False)
  app.conf.update(timezone="Europe/Berlin", beat_schedule=entries, **settings)

  @app.task(name="proj.report", shared=False)
  def report(*args: Any, **kwargs: Any) -> None:
    pass

  return app


def entry(**options: Any) -> Dict[str, Any]:
  return dict({"task": "proj.report", "schedule": crontab(hour=4, minute=30)}, **options)


@pytest.fixture(autouse=True)
def program(beat_watch: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.setenv("BEAT_WATCH_PROGRAM", str(beat_watch))


@pytest.fixture
def store(server: Server) -> Iterator[Any]:
  client = server.client(1)
  yield client
  client.close()


def publish(store: Any, entries: Dict[Any, Any], **options: Any) -> Publication:
  settings = options.pop("settings", {})
  return publish_entries(make(entries, **settings), store, PREFIX, options.pop("name", "proj"), **options)


def document(store: Any, name: str = "report") -> Any:
  data = store.get(PREFIX + name)
  return None if data is None else json.loads(data)


def test_what_is_imported_is_taken_over(
    store: Any, server: Server, beat_watch: pathlib.Path, tmp_path: pathlib.Path) -> None:
  """django-celery-beat writes the entries of the code into its tables, so its dumps have them, in other words."""
  (tmp_path / "proj.py").write_text(
    "from celery import Celery\n"
    "app = Celery('proj', broker='redis://nowhere.invalid:1/0')\n"
    "app.conf.update(timezone='Europe/Berlin', task_routes={'proj.report': {'queue': 'reports'}})\n"
    "@app.task(name='proj.report')\n"
    "def report(): pass\n")
  rows: List[Dict[str, Any]] = [
    {"model": "django_celery_beat.crontabschedule", "pk": 1, "fields": {
      "minute": "30", "hour": "4", "day_of_week": "*", "day_of_month": "*", "month_of_year": "*",
      "timezone": "Europe/Berlin"}},
    {"model": "django_celery_beat.intervalschedule", "pk": 1, "fields": {"every": 120, "period": "seconds"}}]
  for name, schedule in (("report", "crontab"), ("ping", "interval")):
    rows.append({"model": "django_celery_beat.periodictask", "pk": len(rows), "fields": {
      "name": name, "task": "proj.report", schedule: 1, "args": "[]", "kwargs": "{}", "headers": "{}", "enabled": True,
      "one_off": False, "last_run_at": "2026-01-01T03:30:00Z", "total_run_count": 7,
      "date_changed": "2025-12-01T00:00:00Z"}})
  dump = tmp_path / "dump.json"
  dump.write_text(json.dumps(rows))
  command = [str(beat_watch), "import", str(dump), "--celery-app", "proj", "--python", sys.executable]
  done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env={
    **os.environ, "CELERY_REDIS_SCHEDULER_URL": server.url(1), "CELERY_BROKER_URL": server.url(0)})
  assert done.returncode == 0, done.stdout + done.stderr
  settings = {"task_routes": {"proj.report": {"queue": "reports"}}}
  entries = {"report": entry(), "ping": entry(schedule=datetime.timedelta(minutes=2))}
  assert document(store)["queue"] == "reports"
  first = publish(store, entries, settings=settings)
  assert first.warnings == ()
  assert document(store)["total_run_count"] == 7 and "queue" not in document(store), "the manifest says the queue"
  # The same dump again, as for the last runs of the old scheduler.
  subprocess.run([*command, "--replace"], cwd=tmp_path, capture_output=True, check=True, env={
    **os.environ, "CELERY_REDIS_SCHEDULER_URL": server.url(1), "CELERY_BROKER_URL": server.url(0)})
  assert document(store)["queue"] == "reports"
  assert publish(store, entries, settings=settings).warnings == ()


def test_an_entry_says_only_what_it_says_itself(store: Any) -> None:
  settings = {"task_routes": {"proj.report": {"queue": "reports", "priority": 3}}}
  done = publish(store, {"report": entry(), "own": entry(
    args=[1], kwargs={"at": datetime.date(2026, 1, 1)}, options={
      "queue": "fast", "expires": 60, "priority": 0, "delivery_mode": 1, "headers": {"h": 1}})}, settings=settings)
  assert (done.count, len(done.changes), done.warnings) == (2, 2, ())
  times = {"minute": 30, "hour": 4, "day_of_week": "*", "day_of_month": "*", "month_of_year": "*"}
  found = document(store)
  found["crontab"] = {field: int(value) if str(value).isdigit() else value for field, value in found["crontab"].items()}
  assert found == {
    "name": "report", "task": "proj.report", "enabled": True, "crontab": times}, "the manifest has the rest"
  own = document(store, "own")
  assert {name: own[name] for name in ("args", "queue", "expires", "priority", "delivery_mode", "headers")} == {
    "args": [1], "queue": "fast", "expires": 60, "priority": 0, "delivery_mode": 1, "headers": {"h": 1}}
  assert own["kwargs"]["at"]
  record = json.loads(store.hget(OWNED, "report"))
  assert record["application"] == "proj" and record["base"]["task"] == "proj.report"


def test_a_function_is_asked_for_the_arguments(store: Any) -> None:
  def by_customer(name: str, args: Any, kwargs: Any, options: Any, **more: Any) -> Any:
    return {"queue": kwargs["customer"], "priority": 7}

  publish(store, {"report": entry(kwargs={"customer": "acme"})}, settings={"task_routes": [by_customer]})
  found = document(store)
  assert (found["queue"], found["priority"]) == ("acme", 7)


def test_with_the_manifest_it_is_what_celery_sends() -> None:
  """For applications at random: what the entry says itself and what the manifest adds are all that Celery would send."""
  compared = 0
  for seed in range(120):
    app = Application(seed, "redis://nowhere.invalid:1/0").app
    for number, task in enumerate([*TASKS, UNKNOWN]):
      options = random.Random(seed * 100 + number).choice(
        [{}, {"queue": "mine"}, {"priority": 9, "ignore_result": False}, {"expires": 60, "time_limit": 5}])
      found = application.schedule_entry(app, task, {"task": task, "schedule": 60, "options": options})
      try:
        expected, _ = application.document(app, found, None)
      except Exception:
        continue
      said = application.said(app, task)
      own, _ = application.document(app, found, None, said)
      names_destination = any(field in own for field in application.DESTINATION)
      for field in said.keys() & (application.DESTINATION | set(application.SAYABLE)):
        if field not in own and not (names_destination and field in application.DESTINATION):
          own[field] = said[field]
      for document, empty in ((expected, ([], {})), (own, ())):
        for field, default in (("delivery_mode", 2), ("ignore_result", False)):
          if document.get(field) == default:
            del document[field]
        for field in ("args", "kwargs"):
          if document.get(field) in empty:
            del document[field]
      assert own == expected, (seed, task, options)
      compared += 1
  assert compared > 500


def test_a_zone_that_is_not_the_applications(store: Any) -> None:
  class TzAwareCrontab(crontab):  # django-celery-beat's has this name.
    tz = datetime.timezone.utc

  publish(store, {"report": entry(schedule=TzAwareCrontab(hour=4))})
  assert document(store)["timezone"] == "UTC"


def test_in_step(store: Any) -> None:
  publish(store, {"report": entry(), "gone": entry(), "same": entry()})
  same = store.get(PREFIX + "same")
  ran = dict(document(store), last_run_at="2026-01-01T03:30:00Z", total_run_count=5)
  store.set(PREFIX + "report", json.dumps(ran))
  entries = {"report": entry(schedule=60.0), "same": entry(), "new": entry()}
  dry = publish(store, entries, dry_run=True)
  assert document(store) == ran and document(store, "gone") and not document(store, "new")
  done = publish(store, entries)
  assert done == dry
  assert [line.partition(":")[0] for line in done.changes] == ["schedule report", "schedule new", "schedule gone"]
  assert store.get(PREFIX + "same") == same
  found = document(store)
  assert found["interval"] == {"every": 60, "period": "seconds"} and "crontab" not in found
  assert (found["last_run_at"], found["total_run_count"]) == ("2026-01-01T03:30:00Z", 5)
  assert document(store, "gone") is None and set(store.hkeys(OWNED)) == {b"report", b"same", b"new"}
  writes = store.info("commandstats")["cmdstat_set"]["calls"]
  assert publish(store, entries) == Publication(3, (), ())
  assert store.info("commandstats")["cmdstat_set"]["calls"] == writes, "nothing is written where nothing changes"


@pytest.mark.parametrize("resets", [False, True])
def test_by_hand(store: Any, resets: bool) -> None:
  entries = {"report": entry(), "deleted": entry()}
  publish(store, entries)
  store.set(PREFIX + "report", json.dumps(dict(document(store), enabled=False)))
  store.delete(PREFIX + "deleted")
  for _ in range(2):
    done = publish(store, entries, resets=resets)
    assert document(store)["enabled"] is resets
    assert (document(store, "deleted") is not None) is resets
    if not resets:
      assert done.changes == () and len(done.warnings) == 2, "told each time"
  assert done.warnings == () if resets else True


def test_two_versions_of_the_code_in_turn(store: Any) -> None:
  """As when machines of two versions are started one after another: no version takes the other's word for a hand's."""
  first, second = {"report": entry(), "a": entry()}, {"report": entry(schedule=60.0), "b": entry()}
  for turn in range(6):
    done = publish(store, second if turn % 2 else first)
    assert done.warnings == ()
    found = document(store)
    assert ("interval" in found, "crontab" in found) == ((True, False) if turn % 2 else (False, True))
    assert (document(store, "a") is None) is bool(turn % 2)


def test_two_publishers_at_once(store: Any) -> None:
  """Whichever is last, the document and its record are of one version, and none takes the other's for a hand's."""
  versions = [{f"s{number}": entry(schedule=float(every)) for number in range(30)} for every in (10, 20, 30, 40)]
  warnings: List[str] = []

  def run(entries: Dict[Any, Any]) -> None:
    for _ in range(3):
      warnings.extend(publish(store, entries).warnings)

  threads = [threading.Thread(target=run, args=(entries,)) for entries in versions]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  assert warnings == []
  for number in range(30):
    base = json.loads(store.hget(OWNED, f"s{number}"))["base"]
    assert document(store, f"s{number}") == base


def test_somebody_edits_meanwhile(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
  publish(store, {"report": entry()})
  outcome, edits = _Publisher._outcome, []

  def slow(self: Any, name: str, said: Any, stands: Any, owner: Any) -> Any:
    found = outcome(self, name, said, stands, owner)
    if not edits:
      edits.append(1)
      store.set(PREFIX + "report", json.dumps(dict(document(store), last_run_at="2026-01-01T03:30:00Z", jitter=5)))
    return found

  monkeypatch.setattr(_Publisher, "_outcome", slow)
  done = publish(store, {"report": entry(schedule=60.0)})
  found = document(store)
  assert (found["last_run_at"], found["jitter"], found["interval"]["every"]) == ("2026-01-01T03:30:00Z", 5, 60)
  assert len(done.changes) == 1 and "jitter 5" in done.warnings[0]


@pytest.mark.parametrize("record", [b"", b"\xff", b"[]", b"{}", b'{"application": 5, "base": {}}', b"[" * 5_000])
def test_a_record_that_cannot_be_read(store: Any, record: bytes) -> None:
  """Nobody's code has the schedule then."""
  publish(store, {"report": entry(), "other": entry()})
  store.hset(OWNED, "other", record)
  for options in ({}, {"resets": True}, {"takes_over": True}):
    assert publish(store, {"report": entry()}, **options).changes == ()
    assert document(store, "other") and store.hget(OWNED, "other") == record
  publish(store, {"report": entry(), "other": entry()})
  assert json.loads(store.hget(OWNED, "other"))["application"] == "proj", "it says what the code says"


def test_another_application_takes_over_what_has_left_the_code(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
  """In the moment before it is removed."""
  publish(store, {"report": entry(), "other": entry()})
  store_, theirs = _Publisher._store, b'{"application": "shop", "base": {}}'

  def slow(self: Any, name: str, *seen: Any) -> Any:
    if name == "other" and store.hget(OWNED, name) != theirs:
      store.hset(OWNED, name, theirs)
    return store_(self, name, *seen)

  monkeypatch.setattr(_Publisher, "_store", slow)
  assert publish(store, {"report": entry()}).changes == ()
  assert document(store, "other") and store.hget(OWNED, "other") == theirs


def test_code_without_schedules_removes_none(store: Any) -> None:
  publish(store, {"report": entry(), "other": entry()})
  done = publish(store, {})
  assert done.changes == () and document(store)
  assert done.warnings == (
    "the code has no schedules at all, and 2 of it are stored: they stay; beat-watch rm deletes them",)


def test_what_cannot_be_a_document(store: Any) -> None:
  class Odd(schedule):
    pass

  publish(store, {"odd": entry(), "other": entry()})
  done = publish(store, {
    "odd": entry(schedule=Odd(60)), "lazy": entry(args=[BeatLazyFunc(lambda: 1)]),
    "set": entry(kwargs={"x": object()}), "": entry(), "x" * 1025: entry(), "broken": {"tusk": 1}, 5: entry(),
    "other": entry(), "unknown": entry(task="proj.none")})
  texts = {line.partition(":")[0]: line for line in done.warnings}
  assert "its schedule is a Odd, which is not known here" in texts["schedule odd"]
  assert "computed at each run" in texts["schedule lazy"]
  assert "only JSON can be sent" in texts["schedule set"]
  assert "1 to 1024 bytes" in texts["schedule "] and "1 to 1024 bytes" in texts["schedule " + "x" * 1025]
  assert "Celery refuses it: TypeError" in texts["schedule broken"]
  assert "the application has no task proj.none" in texts["schedule unknown"]
  assert document(store, "odd"), "what stood there stays: it has not left the code"
  assert document(store, "5") and document(store, "unknown")


@pytest.mark.parametrize("broken, problem", [
  ({"options": {"countdown": 3}}, "options.countdown 3: cannot be honoured: a run is sent when it is due"),
  ({"options": {"link": "proj.other"}}, 'options.link "proj.other": cannot be honoured'),
  ({"options": {"eta": "2030-01-01"}}, "options.eta"),
  ({"options": {"queue": "q" * 300}}, "queue"),
  ({"schedule": datetime.timedelta(0)}, "interval.every 0: 0 seconds is not positive"),
  ({"schedule": 0.001}, "too short"),
  ({"schedule": crontab(day_of_week="FRI#2")}, 'crontab.day_of_week "FRI#2"'),
])
def test_what_the_daemon_would_set_aside(store: Any, broken: Dict[str, Any], problem: str) -> None:
  """A schedule that runs goes on as it is, and a new one is not made."""
  publish(store, {"report": entry(), "other": entry()})
  before = store.get(PREFIX + "report")
  for dry_run in (True, False):
    done = publish(store, {"other": entry(), "report": entry(**broken), "new": entry(**broken)}, dry_run=dry_run)
    assert (done.refused, done.count, done.changes) == (2, 1, ())
    for name, line in zip(("report", "new"), done.warnings):
      assert line.startswith(f"schedule {name}: cannot be published: ") and problem in line, line
  assert (store.get(PREFIX + "report"), document(store, "new")) == (before, None)
  assert publish(store, {"other": entry(), "report": entry()}) == Publication(2, (), ())


def test_what_does_not_go_with_what_was_changed_by_hand(store: Any) -> None:
  publish(store, {"report": entry(schedule=60.0)})
  by_hand = json.dumps(dict(document(store), jitter=50), indent=1)
  store.set(PREFIX + "report", by_hand)
  for _ in range(2):
    done = publish(store, {"report": entry(schedule=10.0)})
    assert (done.count, done.refused, done.changes) == (0, 1, ())
    assert done.warnings == (
      "schedule report: stays as it is, for what the code says now does not go with what stands there: jitter: must be "
      "shorter than the interval",)
    assert store.get(PREFIX + "report") == by_hand.encode()
  assert publish(store, {"report": entry(schedule=100.0)}).refused == 0
  assert (document(store)["interval"]["every"], document(store)["jitter"]) == (100, 50)


def test_an_entry_object_and_the_results_own_entry(store: Any, tmp_path: pathlib.Path) -> None:
  app = make({})
  app.conf.beat_schedule = {"object": ScheduleEntry(name="object", task="proj.report", schedule=60, app=app)}
  publish_entries(app, store, PREFIX, "proj")
  assert document(store, "object")["interval"] == {"every": 60, "period": "seconds"}
  assert document(store, "celery.backend_cleanup") is None, "there are no results to tidy"
  app = make({"report": entry()})
  app.conf.result_backend = f"file://{tmp_path}"
  publish_entries(app, store, PREFIX, "proj")
  assert document(store, "celery.backend_cleanup")["expires"] == 43_200, "files are tidied, as by Celery's own beat"


def test_another_application(store: Any) -> None:
  publish(store, {"report": entry(), "theirs": entry()}, name="shop")
  done = publish(store, {"report": entry(schedule=60.0), "mine": entry()})
  assert "application shop" in done.warnings[0] and "crontab" in document(store)
  assert document(store, "theirs") and document(store, "mine")
  done = publish(store, {"report": entry(schedule=60.0), "mine": entry()}, takes_over=True)
  assert "interval" in document(store) and document(store, "theirs") is None


def test_other_types_of_keys(store: Any) -> None:
  store.lpush(PREFIX + "report", "x")
  done = publish(store, {"report": entry(), "fine": entry()})
  assert "its key holds no text" in done.warnings[0] and document(store, "fine")
  store.delete(OWNED)
  store.set(OWNED, "x")
  with pytest.raises(ReactiveBeatError, match="holds no hash"):
    publish(store, {"fine": entry()})


def test_a_thousand(store: Any) -> None:
  entries = {f"s{number}": entry() for number in range(1_000)}
  assert len(publish(store, entries).changes) == 1_000
  assert publish(store, entries).changes == ()
