"""The manifest of an application: what it says, and how it is published."""

from __future__ import annotations

import functools
import io
import json
import os
import pathlib
import re
import signal
import sys
import threading
from typing import Any, Iterator

import kombu
import pytest
from celery import Celery, Task, signals
from celery.app.amqp import AMQP
from celery.beat import ScheduleEntry
from conftest import Server
from kombu import Exchange, Queue

from reactivebeat import application, binary, publish
from reactivebeat.connection import Address
from reactivebeat.entries import said_by
from reactivebeat.errors import InvalidSetting
from reactivebeat.keys import Keys
from reactivebeat.manifest import ManifestError, OtherApplication, publish_manifest
from reactivebeat.settings import Settings

PREFIX = "tasks:meta:"
KEY = "reactivebeat:tasks:meta:application"


def make(main: str = "proj", **settings: Any) -> Celery:
  app = Celery(main, broker="redis://nowhere.invalid:1/0", backend="redis://nowhere.invalid:1/1", set_as_current=False)
  app.conf.update(timezone="Europe/Berlin", **settings)

  @app.task(name="proj.plain", shared=False)
  def plain(x: int) -> None:
    pass

  @app.task(name="proj.report", queue="reports", priority=3, time_limit=60, soft_time_limit=50, expires=90,
            ignore_result=True, delivery_mode=1, shared=False)
  def report() -> None:
    pass

  return app


def said(app: Celery, task: str = "proj.plain") -> dict[str, Any]:
  found: dict[str, Any] = application.manifest(app)["tasks"][task]
  return found


def test_a_task_is_described_as_celery_sends_it() -> None:
  app = make(task_routes={"proj.pl*": "slow"}, task_default_queue="work")
  manifest = application.manifest(app)
  assert manifest["version"] == 1
  assert manifest["application"] == "proj"
  assert manifest["timezone"] == "Europe/Berlin"
  assert manifest["default"] == {"queue": "work", "from": {"queue": "default"}}
  assert set(manifest["tasks"]) == {"proj.plain", "proj.report"}, "not Celery's own"
  assert manifest["tasks"]["proj.plain"] == {
    "queue": "slow", "ignore_result": False, "from": {"queue": "routes", "ignore_result": "default"}}
  source = dict.fromkeys(
    ["queue", "priority", "time_limit", "soft_time_limit", "expires", "ignore_result", "delivery_mode"], "task")
  assert manifest["tasks"]["proj.report"] == {
    "queue": "reports", "priority": 3, "time_limit": 60, "soft_time_limit": 50, "expires": 90, "ignore_result": True,
    "delivery_mode": 1, "from": source}


def test_names_that_are_in_use_are_described_too() -> None:
  app = make(task_routes={"other.*": {"queue": "others"}})
  tasks = application.manifest(app, names=["other.task", "celery.backend_cleanup", "proj.plain"])["tasks"]
  assert tasks["other.task"] == {"registered": False, "queue": "others", "from": {"queue": "routes"}}
  assert "registered" not in tasks["celery.backend_cleanup"]
  assert "registered" not in tasks["proj.plain"]
  app.conf.beat_schedule = {
    "tidy": {"task": "celery.backend_cleanup", "schedule": 60}, "broken": {"schedule": 60},
    "entry": ScheduleEntry(name="entry", task="other.task", schedule=60, app=app)}
  assert set(application.manifest(app)["tasks"]) == {
    "celery.backend_cleanup", "other.task", "proj.plain", "proj.report"}


def test_equal_applications_have_equal_bytes() -> None:
  routes = {"proj.plain": {"queue": "q", "priority": 1}}
  texts = {application.manifest_text(application.manifest(make(task_routes=routes))) for _ in range(3)}
  assert len(texts) == 1
  text = texts.pop()
  assert text == json.dumps(json.loads(text), sort_keys=True)


@pytest.mark.parametrize("main, settings, given, name", [
  ("proj", {}, "proj.celery:app", "proj"),
  (None, {}, "proj.celery:app", "proj"),
  ("__main__", {}, "proj.celery:app", "proj"),
  (None, {}, "proj", "proj"), (None, {}, "proj:celery", "proj"), (None, {}, "proj.celery", "proj"),
  (None, {}, "proj:", "proj"), (None, {}, "celery", "celery"), (None, {}, "proj:second", "proj:second"),
  (None, {}, "proj.celery:second", "proj.celery:second"), (None, {}, "shop.tasks", "shop.tasks"),
  ("proj", {"reactivebeat_application": "shop"}, "x", "shop"),
])
def test_the_applications_name(main: Any, settings: dict[str, Any], given: str, name: str) -> None:
  assert application.manifest(make(main, **settings), given)["application"] == name


def test_a_function_is_asked_and_named() -> None:
  calls = []

  def by_size(name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **more: Any) -> Any:
    calls.append((name, args, kwargs, task))
    return {"queue": "large" if kwargs.get("size") else "small"} if name == "proj.plain" else None

  app = make(task_routes=[{"proj.report": "first"}, by_size])
  manifest = application.manifest(app)
  assert manifest["routers"] == [f"{__name__}.test_a_function_is_asked_and_named.<locals>.by_size"]
  assert manifest["tasks"]["proj.plain"]["varies"] is True
  assert manifest["tasks"]["proj.plain"]["queue"] == "small"
  assert "varies" not in manifest["tasks"]["proj.report"], "the route before it has answered"
  assert ("proj.plain", [], {}, app.tasks["proj.plain"]) in calls, "as for a schedule without arguments"


def test_a_function_that_needs_arguments() -> None:
  def by_customer(name: str, args: Any, kwargs: Any, options: Any, **more: Any) -> Any:
    return {"queue": kwargs["customer"]}

  task = said(make(task_routes=[by_customer, {"proj.plain": "later"}]))
  assert task["queue"] == "later"
  assert task["varies"] is True
  assert re.fullmatch(r".*by_customer asks for arguments: KeyError: 'customer'", task["unsaid"])


def test_a_router_that_cannot_be_imported() -> None:
  task = said(make(task_routes=["nowhere.router"]))
  assert task["problem"] == "Celery refuses it: ModuleNotFoundError: No module named 'nowhere'"


def test_one_tasks_wrong_option_ends_no_other() -> None:
  app = make(task_annotations={"proj.plain": {"delivery_mode": "weird"}})
  assert said(app) == {"problem": "Celery refuses it: KeyError: 'weird'"}
  assert said(app, "proj.report")["queue"] == "reports"


def test_a_router_that_ends_the_process() -> None:
  def by_hand(*args: Any, **more: Any) -> Any:
    sys.exit("no customer")

  app = make(task_routes=[by_hand])
  task = said(app)
  assert (task["queue"], task["varies"]) == ("celery", True)
  assert task["unsaid"].endswith("by_hand asks for arguments: SystemExit: no customer")
  app.conf.beat_schedule = {"e": {"task": "proj.plain", "schedule": 60, "args": [1]}}
  _, problems, _ = said_by(app)
  assert problems == {
    "e": "the application's code ends the process when it is asked (SystemExit: no customer)"}


@pytest.mark.parametrize("text, shown", [
  ("cannot reach postgresql://app:TOPSECRET@db/routes", "cannot reach postgresql://***@db/routes"),
  ("('amqp://u:TOP/SECRET@h@host//', 5)", "('amqp://***@host//', 5)"),
  ("{'host': 'db', 'password': 'TOP SECRET', 'port': 5}", "{'host': 'db', 'password': ***, 'port': 5}"),
  ("host=db password=TOPSECRET; dbname=x", "host=db password=***; dbname=x"),
  ("Unauthorized (api_key: TOPSECRET)", "Unauthorized (api_key: ***)"),
  ("no route for me@example.com at https://example.com/a", "no route for me@example.com at https://example.com/a"),
])
def test_no_password_of_an_error_of_the_applications_own_is_told(text: str, shown: str) -> None:
  def route(*args: Any, **more: Any) -> Any:
    raise RuntimeError(text)

  app = make(task_routes=[route])
  assert said(app)["unsaid"].endswith(f"asks for arguments: RuntimeError: {shown}")
  app.conf.beat_schedule = {"e": {"task": "proj.plain", "schedule": 60, "args": [1]}}
  assert said_by(app)[1] == {"e": f"Celery refuses it: RuntimeError: {shown}"}


def test_a_signal_ends_the_process_while_a_router_is_asked() -> None:
  def end(*_: Any) -> None:
    sys.exit(3)

  def slow(*args: Any, **more: Any) -> Any:
    signal.raise_signal(signal.SIGTERM)

  before = signal.signal(signal.SIGTERM, end)
  try:
    for entry in ({}, {"e": {"task": "proj.plain", "schedule": 60, "args": [1]}}):
      app = make(task_routes=[slow], beat_schedule=entry)
      with pytest.raises(SystemExit):
        said_by(app) if entry else said(app)
  finally:
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("broker, conf, declaration", [
  ("amqp://h", {}, "classic"),
  ("amqps://h", {"task_queue_max_priority": 9}, "classic,max-priority=9"),
  ("pyamqp://h", {"task_default_queue_type": "quorum", "task_create_missing_queue_type": "quorum"}, "quorum"),
  ("amqp://h", {"task_default_queue_type": "quorum", "task_create_missing_queue_type": "quorum",
                "task_queue_max_priority": 9}, None),
  ("amqp://h", {"task_queue_max_priority": 256}, None),
  ("redis://h", {"task_queue_max_priority": 9}, None),
])
def test_how_the_workers_declare_a_queue(broker: str, conf: Any, declaration: Any) -> None:
  app = Celery("shop", broker=broker)
  app.conf.update(conf)
  assert application.manifest(app).get("queue_declaration") == declaration


def test_a_fanout_exchange_on_rabbitmq() -> None:
  app = Celery("shop", broker="amqp://h")
  app.conf.update(
    task_queues=[Queue("celery"), Queue("all", Exchange("all", type="fanout"))], task_routes={"proj.plain": "all"})

  @app.task(name="proj.plain")
  def plain() -> None: ...

  said = application.manifest(app)["tasks"]["proj.plain"]
  assert (said["exchange"], said["exchange_type"], said["routing_key"]) == ("all", "fanout", "celery")


@pytest.mark.parametrize("steps", [[0, float("nan")], [object()]])
def test_transport_options_that_json_cannot_hold(steps: Any, server: Server, store: Any) -> None:
  app = make(broker_url=server.url(0), broker_transport_options={"priority_steps": steps})
  with pytest.raises(InvalidSetting, match="broker_transport_options: JSON cannot hold priority_steps"):
    publish.publish_application(app, Settings.of(app), None)
  assert not store.keys("*")


@pytest.mark.parametrize("settings, problem", [
  ({"task_queues": [Queue("celery"), Queue("all", Exchange("all", type="fanout"))],
    "task_routes": {"proj.plain": "all"}},
   "it goes to a fanout exchange, which is not supported; name a queue"),
  ({"task_create_missing_queues": False, "task_routes": {"proj.plain": "nowhere"}},
   "Celery refuses it: QueueNotFound: \"Queue 'nowhere' missing from task_queues\""),
  ({"task_routes": {"proj.plain": {"exchange": "ex"}}},
   "it names the exchange ex without a routing key, with which Celery sends it to a queue without a name; name a "
   "queue"),
  ({"task_queues": [Queue("celery", Exchange("all", type="fanout"))],
    "task_annotations": {"proj.plain": {"exchange": "ex"}}},
   "it goes to the exchange ex without a routing key, which a document cannot say; name a queue"),
  ({"task_routes": {"proj.plain": "q" * 256}},
   "its queue has more than the 255 bytes that a document may name; name a queue"),
])
def test_what_the_daemon_cannot_send(settings: dict[str, Any], problem: str) -> None:
  task = said(make(**settings))
  assert task["problem"] == problem
  assert "queue" not in task and "exchange" not in task


def test_values_that_no_document_can_have_are_noted() -> None:
  app = make(task_routes={"proj.plain": {"queue": "q", "priority": 2.5, "headers": {"tenant": "a"}, "colour": "red"}})
  task = said(app)
  assert "priority" not in task
  assert task["notes"] == [
    "priority 2.5 is none that a document can have",
    "its route adds headers, which a document must name itself: tenant", "its options have no effect here: colour"]


def test_nothing_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
  """No signal, no result backend, no connection, no method of the task's own class, no task."""
  heard = []

  class Connectionless(Celery):  # type: ignore[misc]
    @property
    def backend(self) -> Any:
      heard.append("backend")
      return None

    def send_task(self, *args: Any, **options: Any) -> Any:
      heard.append("send_task")

  monkeypatch.setattr(kombu.Connection, "_establish_connection", lambda self: heard.append("connection"))
  app = Connectionless("proj", set_as_current=False)
  app.conf.task_always_eager = True

  class Own(Task):  # type: ignore[misc]
    def apply_async(self, *args: Any, **options: Any) -> Any:
      heard.append("apply_async")

  @app.task(name="proj.own", base=Own, shared=False)
  def own() -> None:
    heard.append("run")

  def listen(sender: Any = None, **more: Any) -> None:
    heard.append("signal")

  for signal in (signals.before_task_publish, signals.after_task_publish, signals.task_sent):
    signal.connect(listen, weak=False)
  try:
    manifest = application.manifest(app)
  finally:
    for signal in (signals.before_task_publish, signals.after_task_publish, signals.task_sent):
      signal.disconnect(listen)
  assert heard == []
  assert manifest["tasks"]["proj.own"]["notes"] == [
    "its class has an apply_async of its own, which is not called here"]


def test_other_threads_signals_are_heard_meanwhile() -> None:
  heard = []
  asked, answered = threading.Event(), threading.Event()

  def listen(sender: Any = None, **more: Any) -> None:
    heard.append(sender)

  def slow(name: str, *args: Any, **more: Any) -> None:
    asked.set()
    answered.wait(60)

  def elsewhere() -> None:
    asked.wait(60)
    signals.before_task_publish.send(sender="elsewhere")
    answered.set()

  signals.before_task_publish.connect(listen, weak=False)
  thread = threading.Thread(target=elsewhere)
  thread.start()
  try:
    application.manifest(make(task_routes=[slow]))
  finally:
    answered.set()
    thread.join()
    signals.before_task_publish.send(sender="afterwards")
    signals.before_task_publish.disconnect(listen)
  assert heard == ["elsewhere", "afterwards"]


@pytest.fixture(autouse=True)
def no_shared_tasks() -> Iterator[None]:
  """The tasks that other tests share with all applications are none of these."""
  import celery.app.builtins
  from celery import _state

  kept = set(_state._on_app_finalizers)
  own = {function for function in kept if function.__module__ == celery.app.builtins.__name__}
  _state._on_app_finalizers = own
  yield
  _state._on_app_finalizers = kept | (_state._on_app_finalizers - own)


@pytest.fixture
def store(server: Server) -> Iterator[Any]:
  client = server.client()
  yield client
  client.close()


def stored(store: Any) -> dict[str, Any]:
  found: dict[str, Any] = json.loads(store.get(KEY))
  return found


def test_publishing(store: Any) -> None:
  for number, task in enumerate(["old.task", "proj.plain", "other"]):
    store.set(f"{PREFIX}s{number}", json.dumps({"name": f"s{number}", "task": task}))
  store.set(f"{PREFIX}shell", b'{"name": "shell", "task": "of.the.shell", "last_run_at": ISODate("2026-01-01")}')
  store.set(f"{PREFIX}broken", b'\xff{"task": 5')
  store.hset(f"{PREFIX}hash", "task", "in.a.hash")
  first = publish_manifest(make(), store, PREFIX)
  assert first.is_written
  assert first.changes == ("application proj: 5 tasks",)
  manifest = stored(store)
  assert set(manifest["tasks"]) == {"proj.plain", "proj.report", "old.task", "other", "of.the.shell"}
  assert manifest == first.manifest
  assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", manifest["published_at"])
  assert manifest["published_by"]

  assert publish_manifest(make(), store, PREFIX).changes == ()
  manifest = stored(store)

  store.delete(f"{PREFIX}s2")
  app = make(task_routes={"proj.plain": {"queue": "slow", "priority": 0}})
  app.conf.timezone = "UTC"

  @app.task(name="proj.new", shared=False)
  def new() -> None:
    pass

  dry = publish_manifest(app, store, PREFIX, dry_run=True)
  assert not dry.is_written
  assert dry.changes == (
    "timezone: Europe/Berlin -> UTC", "task other: is no longer there",
    "task proj.new: new, queue celery, ignore_result false",
    "task proj.plain: now priority 0, queue celery -> slow")
  assert stored(store) == manifest
  assert publish_manifest(app, store, PREFIX).changes == dry.changes
  assert stored(store)["tasks"]["proj.plain"]["queue"] == "slow"


def test_many_documents_are_read_in_batches(store: Any) -> None:
  with store.pipeline() as pipe:
    for number in range(1_000):
      pipe.set(f"{PREFIX}{number}", json.dumps({"task": f"t{number % 700}"}))
    pipe.execute()
  assert len(publish_manifest(make(), store, PREFIX).manifest["tasks"]) == 702


def test_another_applications_manifest_stays(store: Any) -> None:
  publish_manifest(make("shop"), store, PREFIX)
  text = r"the application shop has published its manifest \(20.* on .*\), and this one is proj"
  with pytest.raises(OtherApplication, match=text):
    publish_manifest(make(), store, PREFIX)
  assert stored(store)["application"] == "shop"
  done = publish_manifest(make(), store, PREFIX, replace=True)
  assert done.changes == ("application proj in place of shop: 2 tasks",)
  assert stored(store)["application"] == "proj"


def queues(url: str, **options: Any) -> dict[str, Any]:
  return {"app": make(broker_transport_options=options), "broker": Address.parse(url)}


@pytest.mark.parametrize("first, second", [
  (queues("redis://host:6379/0"), queues("redis://host:6379/5")),
  (queues("redis+socket:///r?virtual_host=0"), queues("redis://localhost/5")),
  (queues("redis://host/0", global_keyprefix="a:"), queues("redis://host/0", global_keyprefix="b:")),
  (queues("redis://host/0"), queues("redis://host/0", global_keyprefix="b:")),
])
def test_another_application_of_the_same_name(store: Any, first: Any, second: Any) -> None:
  """The same name, and other workers: each would take the other's schedules away."""
  publish_manifest(client=store, prefix=PREFIX, **first)
  with pytest.raises(OtherApplication, match="an application of the same name, proj, has published its manifest"):
    publish_manifest(client=store, prefix=PREFIX, **second)
  assert stored(store)["broker"] == publish_manifest(client=store, prefix=PREFIX, **first).manifest["broker"]
  publish_manifest(client=store, prefix=PREFIX, replace=True, **second)
  with pytest.raises(OtherApplication):
    publish_manifest(client=store, prefix=PREFIX, **first)


def test_a_broker_of_another_name_is_told(store: Any) -> None:
  """It may well be the same one."""
  def publish(url: str, prefix: str = PREFIX) -> Any:
    return publish_manifest(make(), store, prefix, broker=Address.parse(url)).warnings

  assert publish("redis://user:s3cret@localhost:6379/3") == ()
  assert publish("rediss://localhost/3?ssl_cert_reqs=none") == ()
  assert stored(store)["broker"] == "redis://localhost:6379/3"
  warning, = publish("redis://:s3cret@host/3")
  assert warning.startswith("the broker is redis://host:6379/3 here, and was redis://localhost:6379/3 where ")
  publish_manifest(make(), store, PREFIX)
  assert "broker" not in stored(store), "one that does not say it is as any other"
  assert publish("redis://third/0") == ()
  store.set(KEY, json.dumps(dict(stored(store), broker=["?"], transport_options=5)))
  assert len(publish("redis://third/0")) == 1


def test_one_that_says_the_same_need_not_be_written(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
  from reactivebeat import manifest
  said = publish_manifest(make(), store, PREFIX).manifest
  check, others = manifest._check, 0

  def fast(old: Any, own: Any) -> None:
    nonlocal others
    check(old, own)
    others += 1
    store.set(KEY, json.dumps(dict(said, published_by=f"other {others}")))

  monkeypatch.setattr(manifest, "_check", fast)
  assert publish_manifest(make(), store, PREFIX).changes == ()
  assert others == 2, "once before its own was refused, and once when it was looked at again"


def test_what_an_application_sends_in_its_own_way(store: Any) -> None:
  class Ways(AMQP):  # type: ignore[misc]
    argsrepr_maxsize = 12

    def as_task_v2(self, *args: Any, **options: Any) -> Any:
      return super().as_task_v2(*args, **options)

  class Own(Celery):  # type: ignore[misc]
    amqp_cls = Ways

    def send_task(self, *args: Any, **options: Any) -> Any:
      return super().send_task(*args, **options)

  app = Own("proj", broker="redis://", set_as_current=False)
  app.conf.task_protocol = 1
  missing = "of its own, which the daemon does not call: what it changes in a message is missing"
  assert publish_manifest(app, store, PREFIX).warnings == (
    f"the application has a send_task {missing}", f"the application's Ways has as_task_v2 {missing}",
    "argsrepr_maxsize is 12, and the daemon's argsrepr has up to 1024 characters",
    "task_protocol is 1, and the daemon sends by protocol 2, as Celery does since 4.0")
  assert publish_manifest(make(), store, PREFIX).warnings == ()


def test_a_wrapped_send_task_is_celerys(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
  """As tracing wraps it."""
  send = Celery.send_task
  monkeypatch.setattr(Celery, "send_task", functools.wraps(send)(lambda *args, **options: send(*args, **options)))
  assert publish_manifest(make(), store, PREFIX).warnings == ()


def test_two_applications_at_once(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
  """The other one publishes between the look and the writing."""
  from reactivebeat import manifest
  check = manifest._check

  def slow(old: Any, name: str) -> None:
    check(old, name)
    if old is None:
      store.set(KEY, json.dumps({"version": 1, "application": "shop"}))

  monkeypatch.setattr(manifest, "_check", slow)
  with pytest.raises(OtherApplication):
    publish_manifest(make(), store, PREFIX)
  assert stored(store)["application"] == "shop"


def test_what_stands_in_the_manifests_place(store: Any) -> None:
  store.set(KEY, json.dumps({"version": 2, "application": "proj"}))
  with pytest.raises(ManifestError, match="version 2, of a newer reactivebeat"):
    publish_manifest(make(), store, PREFIX)
  store.set(KEY, b"\xff")
  publish_manifest(make(), store, PREFIX)
  store.delete(KEY)
  store.lpush(KEY, "x")
  with pytest.raises(ManifestError, match="holds a list"):
    publish_manifest(make(), store, PREFIX)


def test_a_manifest_that_is_too_long(store: Any) -> None:
  names = [f"{number:04}" + "x" * 1_000 for number in range(4_200)]
  with pytest.raises(ManifestError, match=r"4202 tasks has \d+ bytes, and the daemon .* 4194304; 4200 of them"):
    publish_manifest(make(), store, PREFIX, tasks=names)
  assert not store.exists(KEY)


def with_tasks(count: int, **options: Any) -> Celery:
  app = make()

  def nothing() -> None:
    pass

  for number in range(count):
    app.task(nothing, name=f"proj.{'x' * 100}{number}", shared=False, **options)
  return app


def test_many_tasks_are_published_in_less(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
  """What comes from the application's defaults need not be said."""
  from reactivebeat import manifest
  app = with_tasks(100)
  whole = publish_manifest(app, store, PREFIX).manifest
  monkeypatch.setattr(manifest, "LONGEST", store.strlen(KEY) - 1_000)
  done = publish_manifest(app, store, PREFIX)
  assert (done.changes, done.warnings) == ((), ())
  assert len(stored(store)["tasks"]) == len(whole["tasks"])
  assert stored(store)["tasks"]["proj.plain"] == {"queue": "celery", "ignore_result": False}
  assert "default" not in stored(store)["tasks"]["proj.report"]["from"].values()


def test_tasks_that_no_schedule_uses_are_left_out_of_too_many(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
  from reactivebeat import manifest
  app = with_tasks(100, queue="q", priority=1)
  app.conf.beat_schedule = {"e": {"task": "proj.report", "schedule": 60}}
  publish_manifest(app, store, PREFIX)
  monkeypatch.setattr(manifest, "LONGEST", 2_000)
  store.set(PREFIX + "s", json.dumps({"task": "proj." + "x" * 100 + "7"}))
  done = publish_manifest(app, store, PREFIX)
  assert set(stored(store)["tasks"]) == {"proj.report", "proj." + "x" * 100 + "7"}
  assert stored(store)["tasks"]["proj.report"]["from"]["queue"] == "task"
  assert done.changes == ()
  assert done.warnings[0].startswith(
    "the application has 102 tasks, and the daemon reads a manifest of 2000 bytes at most: 100 that no schedule uses "
    "are left out.")


def test_the_key_is_the_daemons() -> None:
  assert Keys(PREFIX).application == KEY.encode()


class Command:
  """`python -m reactivebeat publish` on an application in a file."""

  def __init__(self, folder: pathlib.Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    self.folder, self.capsys = folder, capsys
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))

  def write(self, module: str, url: str, more: str = "") -> None:
    (self.folder / f"{module}.py").write_text(
      f"from celery import Celery\napp = Celery('proj', broker='{url}', set_as_current=False)\n"
      f"app.conf.redis_scheduler_url = '{url}'\n{more}\n")

  def run(self, *arguments: str) -> tuple[int, list[str], list[str]]:
    status = publish.main(list(arguments))
    read = self.capsys.readouterr()
    return status, read.out.splitlines(), read.err.splitlines()


@pytest.fixture
def command(
    tmp_path: pathlib.Path, beat_watch: pathlib.Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Command:
  monkeypatch.setenv("BEAT_WATCH_PROGRAM", str(beat_watch))
  return Command(tmp_path, capsys, monkeypatch)


def test_the_command(command: Command, server: Server, store: Any) -> None:
  command.write("cmd_first", server.url(1), "@app.task(name='t', shared=False)\ndef t(): pass\n"
                "from celery.signals import before_task_publish\n"
                "@before_task_publish.connect(weak=False)\ndef heard(**more): pass")
  try:
    status, out, err = command.run("-A", "cmd_first", "--dry-run")
    place = f"redis+socket://{server.socket}?virtual_host=1"
    assert status == 0
    assert out == ["application proj: 1 tasks", f"would be published: proj, 1 tasks, 1 change, in {place}"]
    assert err == ["warning: before_task_publish has receivers, which the daemon does not call: what they change in a "
                   "message is missing"]
    assert not store.exists(KEY)
    assert command.run("-A", "cmd_first")[0] == 0
    assert stored(store)["application"] == "proj"
    assert command.run("-A", "cmd_first")[1] == [f"published: proj, 1 tasks, no changes, in {place}"]
  finally:
    signals.before_task_publish.receivers.clear()
    signals.before_task_publish.sender_receivers_cache.clear()


def test_entries_that_cannot_be_schedules_are_told_by_the_status(
    command: Command, server: Server, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
  command.write("cmd_refused", server.url(1), "app.conf.beat_schedule = {\n"
                "  'bad': {'task': 't', 'schedule': 60, 'options': {'countdown': 3}}, 'good': {'task': 't', 'schedule': 60}}")
  for _ in range(2):
    status, out, err = command.run("-A", "cmd_refused")
    assert status == 65 and out[-1].startswith("published: proj, 1 tasks, 1 schedule, ")
    assert err[-1] == ("reactivebeat: 1 of the 2 schedules in the code cannot be published, and what stood there stays: "
                       "see the warnings")
    assert any("schedule bad: cannot be published: options.countdown 3: " in line for line in err)
  assert store.exists("tasks:meta:good") and not store.exists("tasks:meta:bad")
  monkeypatch.delenv("BEAT_WATCH_PROGRAM")
  monkeypatch.setattr(binary, "NAME", "beat-none")
  status, _, err = command.run("-A", "cmd_refused")
  assert status == 127 and len(err) == 1 and "beat-none is neither where the Python package" in err[0]


def test_schedules_that_a_receiver_of_beat_init_adds(command: Command, server: Server, store: Any) -> None:
  command.write("cmd_begins", server.url(1), "from celery.signals import beat_init\n"
                "@beat_init.connect(weak=False)\n"
                "def begins(sender, **more):\n"
                "  assert sender.scheduler.app is sender.app\n"
                "  sender.app.add_periodic_task(60, app.signature('t'), name='added')")
  try:
    assert command.run("-A", "cmd_begins")[0] == 0
    assert store.exists(PREFIX + "added")
  finally:
    signals.beat_init.receivers.clear()
    signals.beat_init.sender_receivers_cache.clear()


def test_what_no_terminal_can_show(
    command: Command, server: Server, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
  """All of it is stored, and told, whatever stood there before."""
  command.write("cmd_names", server.url(1), "app.conf.beat_schedule = {'größe': {'task': 't', 'schedule': 60},\n"
                "  'e1': {'task': 't', 'schedule': 60}, 'e2': {'task': 't', 'schedule': 60}}")
  document = b'{"name": "e", "task": "%s", "enabled": true, "interval": {"every": 60, "period": "seconds"}}'
  store.set(KEY, json.dumps({
    "version": 1, "application": "proj", "timezone": "x" * 100_000,
    "tasks": {"t": {"queue": "\ud800"}, "\x1b[31m": {}}}))
  out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
  monkeypatch.setattr(sys, "stdout", out)
  for stands in (b"caf\xe9", b"\\ud800"):
    store.mset({PREFIX + "e1": document % stands, PREFIX + "e2": document % b"t", f"{PREFIX}größe": document % stands})
    assert publish.main(["-A", "cmd_names", "--conflicts", "reset"]) == 0
  out.flush()
  text = out.buffer.getvalue().decode()  # type: ignore[attr-defined]
  assert "queue \\ud800 -> celery" in text and "task \\x1b[31m: is no longer there" in text
  assert 'schedule gr\\xf6\\xdfe: task "caf\\udce9" -> task "t"' in text and '"\\ud800" -> task "t"' in text
  assert max(map(len, text.splitlines())) < 2_100
  store.set(KEY, json.dumps({"version": 1, "application": "x" * 100_000}))
  with pytest.raises(OtherApplication) as refused:
    publish_manifest(make(), store, PREFIX)
  assert len(str(refused.value)) < 1_000


def test_nobody_reads_what_is_printed(
    command: Command, server: Server, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
  command.write("cmd_piped", server.url(1))
  read, write = os.pipe()
  os.close(read)
  with open(write, "w") as pipe:
    monkeypatch.setattr(sys, "stdout", pipe)
    assert publish.main(["-A", "cmd_piped"]) == 0
  assert stored(store)["application"] == "proj"


def test_the_commands_errors(command: Command, server: Server, store: Any) -> None:
  def fails(status: int, text: str, *arguments: str) -> None:
    got, out, err = command.run(*arguments)
    assert (got, out) == (status, []), err
    assert len(err) == 1 and text in err[0], err

  fails(64, "reactivebeat publish: the following arguments are required: -A/--app")
  fails(64, "unrecognized arguments: --nonsense", "-A", "x", "--nonsense")
  fails(65, "reactivebeat: --app cmd_none: ModuleNotFoundError: No module named 'cmd_none'; run this where", "-A",
        "cmd_none")
  command.write("cmd_broken", server.url(1), "def broken(:")
  fails(65, "--app cmd_broken: SyntaxError: invalid syntax (cmd_broken.py, line 4); mend the application", "-A",
        "cmd_broken")
  command.write("cmd_key", server.url(1), "{}['key']")
  fails(65, f"--app cmd_key: KeyError: 'key'; in {command.folder}/cmd_key.py, line 4", "-A", "cmd_key")
  command.write("cmd_exits", server.url(1), "raise SystemExit(3)")
  fails(65, "--app cmd_exits: SystemExit: 3", "-A", "cmd_exits")
  command.write("cmd_secret", server.url(1), "raise OSError('cannot reach postgresql://app:TOPSECRET@db/routes')")
  fails(65, "--app cmd_secret: OSError: cannot reach postgresql://***@db/routes; in ", "-A", "cmd_secret")
  command.write("cmd_nowhere", "redis+socket:///nowhere/redis.sock")
  fails(69, "redis+socket:///nowhere/redis.sock?virtual_host=0: ", "-A", "cmd_nowhere")
  command.write("cmd_other", server.url(1))
  store.set(KEY, json.dumps({"version": 1, "application": "shop"}))
  fails(73, "the application shop has published its manifest", "-A", "cmd_other")
  assert command.run("-A", "cmd_other", "--replace")[0] == 0
  command.write("cmd_sqs", "sqs://localhost")
  fails(78, "broker_url: beat-watch speaks with Redis and RabbitMQ", "-A", "cmd_sqs")
  for number, (more, text) in enumerate([
      ("timezone = 'Europe/Berln'", "timezone: 'Europe/Berln' is no time zone"),
      ("beat_schedule = [1]", "beat_schedule: expected a dict of schedules, found a list"),
      ("enable_utc = True\nimport importlib\napp.connection_for_write = lambda: importlib.import_module('none')",
       "broker_url: Celery cannot load what speaks with this broker: ModuleNotFoundError: "),
      ("result_backend = 'nope://'", "result_backend: Celery cannot load it: ModuleNotFoundError: No module named 'nope'")]):
    command.write(f"cmd_setting{number}", server.url(1), f"app.conf.{more}")
    fails(78, text, "-A", f"cmd_setting{number}")
  store.config_set("requirepass", "hunter2")
  fails(77, "virtual_host=1: Authentication required; it asks for a password: put it into the URL", "-A", "cmd_other")
