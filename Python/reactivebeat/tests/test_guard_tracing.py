"""What stands around Celery's execution of a task (reactivebeat.guard.tracing), in the test's own process."""

import datetime
import time
from typing import Any, Callable, Dict, List, Optional

import pytest
import redis
from celery import Celery, Task, shared_task, states
from celery.app.trace import build_tracer
from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded
from kombu import Exchange, Queue

from conftest import Server
from reactivebeat import worker
from reactivebeat.guard.records import Attempt, Granted, Records, Run

OCCURRENCE = "7f0c7d1e-30a4-5a51-9b0e-0d5a8f6e2c11"
KEY = "reactivebeat:once:stage/celery/work:" + OCCURRENCE


class Stage:
  """An application with a guard, and a task whose executions are counted."""

  def __init__(self, server: Server, **options: Any) -> None:
    self.client = server.client(0)
    self.app = Celery("stage", broker=server.url(0), backend="cache+memory://", set_as_current=False)
    self.app.conf.update(broker_connection_retry_on_startup=False, task_ignore_result=False)
    self.app.AsyncResult(OCCURRENCE).forget()  # this backend's memory is the process's
    self.ran: List[Any] = []
    self.options = options

  def guard(self, **options: Any) -> None:
    worker.once(self.app, **{**self.options, **options})

  def task(self, body: Optional[Callable[..., Any]] = None, **options: Any) -> Any:
    ran = self.ran

    def run(*args: Any, **kwargs: Any) -> Any:
      ran.append(args)
      return body(*args, **kwargs) if body is not None else "result"

    return self.prepare(self.app.task(name="work", shared=False, **options)(run))

  def prepare(self, task: Any) -> Any:
    """As a worker does before its first message."""
    self.app.finalize()
    task = self.app.tasks[task.name]
    task.__trace__ = build_tracer(task.name, task, app=self.app)
    return task

  def deliver(self, task: Any, task_id: str = OCCURRENCE, /, *args: Any, **headers: Any) -> Optional[str]:
    """Executes a message as a worker's process does. Gives the state: None for success."""
    request = {"id": task_id, "task": task.name, "retries": 0, "celery_beat_task": True, "hostname": "test",
               "delivery_info": {"exchange": "", "routing_key": "celery", "priority": 0, "redelivered": False},
               "properties": {}, "reply_to": None, "correlation_id": task_id, "root_id": task_id, "argsrepr": "()",
               "kwargsrepr": "{}", "callbacks": None, "errbacks": None, "chain": None, "chord": None, **headers}
    outcome = task.__trace__(task_id, list(args), {}, request)
    return outcome.info and outcome.info.state

  def messages(self) -> int:
    count: int = self.client.llen("celery")
    return count

  def value(self) -> Optional[bytes]:
    value: Optional[bytes] = self.client.get(KEY)
    return value


@pytest.fixture
def stage(server: Server) -> Stage:
  return Stage(server)


def test_an_occurrence_is_run_once(stage: Stage) -> None:
  stage.guard()
  task = stage.task()
  assert stage.deliver(task) is None
  assert stage.deliver(task) == states.IGNORED
  assert len(stage.ran) == 1
  assert stage.value() == b"0.0"
  # The result of the run stays.
  assert stage.app.AsyncResult(OCCURRENCE).get(timeout=10) == "result"


def test_without_the_guard_it_is_run_twice(stage: Stage) -> None:
  task = stage.task()
  stage.deliver(task)
  stage.deliver(task)
  assert len(stage.ran) == 2


def test_a_repeat_leaves_a_failure_as_it_is_stored(stage: Stage) -> None:
  def fail() -> None:
    raise ValueError("once")

  stage.guard()
  task = stage.task(fail, track_started=True)
  assert stage.deliver(task) == states.FAILURE
  assert stage.deliver(task) == states.IGNORED
  assert stage.app.AsyncResult(OCCURRENCE).state == states.FAILURE


@pytest.mark.parametrize("task_id,headers,is_guarded", [
  (OCCURRENCE, {}, True),
  (OCCURRENCE, {"celery_beat_task": None}, False),
  (OCCURRENCE, {"celery_beat_task": "true"}, False),
  (OCCURRENCE, {"celery_beat_task": None, "replaced_task_nesting": 1}, True),
  ("7f0c7d1e-30a4-4a51-9b0e-0d5a8f6e2c11", {}, False),
  ("7f0c7d1e-30a4-5a51-9b0e-0d5a8f6e2c1", {}, False),
  ("report", {}, False)])
def test_only_what_beat_watch_sends_is_guarded(stage: Stage, task_id: str, headers: Any, is_guarded: bool) -> None:
  stage.guard()
  task = stage.task()
  for _ in range(2):
    stage.deliver(task, task_id, **headers)
  assert len(stage.ran) == (1 if is_guarded else 2)
  assert stage.client.exists("reactivebeat:once:stage/celery/work:" + task_id) == is_guarded


def test_everything_is_guarded_when_asked(stage: Stage) -> None:
  stage.guard(everything=True)
  task = stage.task()
  for _ in range(2):
    stage.deliver(task, "any", celery_beat_task=None)
  assert len(stage.ran) == 1


# What the guard must reach.


def test_shared_tasks(stage: Stage) -> None:
  @shared_task(name="shared")
  def shared() -> None:
    stage.ran.append("shared")

  stage.guard()
  task = stage.prepare(stage.app.tasks["shared"])
  for _ in range(2):
    stage.deliver(task)
  assert stage.ran == ["shared"]


def test_tasks_of_a_class_with_a_call_of_its_own(stage: Stage) -> None:
  class Own(Task):  # type: ignore[misc]
    name = "own"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
      stage.ran.append("called")
      return super().__call__(*args, **kwargs)

    def run(self) -> None:
      stage.ran.append("run")

  stage.guard()
  task = stage.prepare(stage.app.register_task(Own()))
  for _ in range(2):
    stage.deliver(task)
  assert stage.ran == ["called", "run"]


def test_bound_tasks_that_retry_themselves(stage: Stage) -> None:
  def fail(self: Any) -> None:
    stage.ran.append(self.request.id)
    raise ValueError("again")

  stage.guard()
  task = stage.prepare(stage.app.task(name="bound", shared=False, bind=True, autoretry_for=(Exception,))(fail))
  assert stage.deliver(task) == states.RETRY
  assert stage.deliver(task) == states.IGNORED
  assert stage.ran == [OCCURRENCE]
  assert stage.messages() == 1


def test_a_tracer_that_is_set_before_and_after_the_guard(stage: Stage) -> None:
  task = stage.task()
  stage.guard()
  stage.deliver(task)
  stage.prepare(task)  # as a worker does that connects anew
  stage.deliver(task)
  assert len(stage.ran) == 1


def test_other_applications_are_left_alone(stage: Stage, server: Server) -> None:
  stage.guard()
  other = Stage(server)
  task = other.task()
  for _ in range(2):
    other.deliver(task)
  assert len(other.ran) == 2


def test_calls_in_the_process_are_left_alone(stage: Stage) -> None:
  stage.guard(everything=True)
  task = stage.task()
  for _ in range(2):
    assert task.apply(task_id=OCCURRENCE).get() == "result"
  assert len(stage.ran) == 2


# Queues.


def test_a_message_of_an_exchange_runs_in_each_of_its_queues(stage: Stage) -> None:
  stage.guard()
  task = stage.task(ignore_result=True)
  for queue, outcome in (("celery", None), ("other", None), ("celery", states.IGNORED), ("other", states.IGNORED)):
    assert stage.deliver(task, **{**FROM_EXCHANGE, "reactivebeat_queue": queue}) == outcome
  assert len(stage.ran) == 2
  # What comes back is sent to the queue alone.
  assert stage.deliver(task) == states.IGNORED


@pytest.mark.parametrize("queue", ["", None])
def test_a_message_for_every_worker_and_one_of_an_unknown_queue_run_unguarded(
    stage: Stage, caplog: pytest.LogCaptureFixture, queue: Optional[str]) -> None:
  stage.guard(everything=True)
  task = stage.task(ignore_result=True)
  for _ in range(2):
    assert stage.deliver(task, **{**FROM_EXCHANGE, "reactivebeat_queue": queue}) is None
  assert ("from which of its queues is not known" in caplog.text) == (queue is None)
  assert not stage.client.keys("reactivebeat:once:*")


def test_the_task_does_not_see_the_queue(stage: Stage) -> None:
  """Nor has its retry it, which may go to another."""
  def see(self: Any) -> None:
    stage.ran.append(self.request.headers)
    raise self.retry(queue="celery", countdown=0)

  stage.guard()
  task = stage.prepare(stage.app.task(name="sees", shared=False, bind=True)(see))
  assert stage.deliver(task, **FROM_EXCHANGE) == states.RETRY
  assert "reactivebeat_queue" not in stage.ran[0] and "reactivebeat_queue" not in take(stage).headers


# How a run ends.


def test_a_retry_runs_and_its_repeats_do_not(stage: Stage) -> None:
  def fail(self: Any) -> None:
    stage.ran.append(self.request.retries)
    if self.request.retries < 2:
      raise self.retry(countdown=0)

  stage.guard()
  task = stage.prepare(stage.app.task(name="retries", shared=False, bind=True)(fail))
  outcomes = [stage.deliver(task, retries=count) for count in (0, 0, 1, 0, 1, 2, 2)]
  assert stage.ran == [0, 1, 2]
  assert outcomes == [states.RETRY, states.IGNORED, states.RETRY, states.IGNORED, states.IGNORED, None, states.IGNORED]


def test_a_replacement_runs_and_its_repeats_do_not(stage: Stage) -> None:
  stage.guard()
  replacement = stage.task()

  def replace(self: Any) -> None:
    stage.ran.append("replaced")
    raise self.replace(replacement.s())

  task = stage.prepare(stage.app.task(name="replaces", shared=False, bind=True)(replace))
  assert [stage.deliver(task) for _ in range(2)] == [states.IGNORED, states.IGNORED]
  assert stage.messages() == 1
  for _ in range(2):
    stage.deliver(replacement, replaced_task_nesting=1, celery_beat_task=None)
  assert stage.ran == ["replaced", ()]


@pytest.mark.parametrize("error,requeue", [(Reject("later", requeue=True), True), (Reject("bad"), False)])
def test_a_rejected_message_may_come_again(stage: Stage, error: Exception, requeue: bool) -> None:
  def reject() -> None:
    raise error

  stage.guard()
  task = stage.task(reject)
  for _ in range(2):
    assert stage.deliver(task) == states.REJECTED
  assert len(stage.ran) == 2 and stage.value() is None


def test_a_failure_that_is_not_acknowledged_may_come_again(stage: Stage) -> None:
  def fail() -> None:
    raise ValueError

  stage.guard()
  task = stage.task(fail, acks_late=True, acks_on_failure_or_timeout=False)
  for _ in range(2):
    stage.deliver(task)
  assert len(stage.ran) == 2


def test_a_process_that_is_told_to_end_gives_its_run_back(stage: Stage) -> None:
  def end() -> None:
    raise SystemExit

  stage.guard()
  task = stage.task(end)
  for _ in range(2):
    with pytest.raises(SystemExit):
      stage.deliver(task)
  assert len(stage.ran) == 2


def test_the_end_is_recorded_after_the_result(stage: Stage) -> None:
  """So a worker that dies in between does not lose what comes after a task."""
  seen = []
  stage.guard()
  task = stage.task()
  store = task.backend.mark_as_done
  task.backend.mark_as_done = lambda *args, **kwargs: (seen.append(stage.value()), store(*args, **kwargs))[1]
  stage.deliver(task)
  assert seen and seen[0] is not None and seen[0].startswith(b"- 0.0 ")


# A second copy while the first one runs.


def records(stage: Stage, lease: float = 60) -> Records:
  return Records(stage.client, "reactivebeat:once:", "stage", lease, 3600)


#: What a worker's message says that came from the queue celery by an exchange.
FROM_EXCHANGE: Dict[str, Any] = {"reactivebeat_queue": "celery", "delivery_info": {
  "exchange": "topics", "routing_key": "key", "priority": 0, "redelivered": False}}


def elsewhere(retries: int = 0, task: str = "work", queue: str = "celery") -> Run:
  """The run that another worker has begun."""
  return Run(OCCURRENCE, task, queue, Attempt(0, retries))


def test_a_second_copy_comes_back_once(stage: Stage) -> None:
  stage.guard()
  task = stage.task(ignore_result=True)
  first = elsewhere()
  assert records(stage).begin(first) == Granted()
  assert [stage.deliver(task, OCCURRENCE, argsrepr="()") for _ in range(3)] == [states.IGNORED] * 3
  assert stage.ran == []
  assert stage.messages() == 1, "of three copies one comes back"
  message = take(stage)
  assert message.headers["id"] == OCCURRENCE and message.headers["retries"] == 0
  assert message.headers["celery_beat_task"] is True
  assert message.headers["eta"] is not None
  # It comes back while the run goes on, and when it has died.
  assert stage.deliver(task, **{k: v for k, v in message.headers.items() if k not in ("id", "task")}) == states.IGNORED
  assert stage.messages() == 1
  message = take(stage)
  records(stage).release(first)
  assert stage.deliver(task, **{k: v for k, v in message.headers.items() if k not in ("id", "task")}) is None
  assert len(stage.ran) == 1


def take(stage: Stage) -> Any:
  with stage.app.connection_for_read() as connection:
    queue = connection.SimpleQueue("celery")
    message = queue.get(timeout=10)
    message.ack()
    queue.close()
    return message


def test_a_copy_keeps_what_its_message_said(stage: Stage) -> None:
  stage.guard()
  task = stage.task()
  records(stage).begin(elsewhere(retries=3))
  stage.deliver(task, OCCURRENCE, 1, "two", retries=3, timelimit=[9, 8], expires="2099-01-01T00:00:00+00:00",
                ignore_result=True, delivery_info={"exchange": "", "routing_key": "celery", "priority": 0},
                customer="acme", root_id="root", parent_id="parent")
  message = take(stage)
  headers = message.headers
  assert message.payload[0] == [1, "two"]
  assert (headers["retries"], headers["timelimit"], headers["ignore_result"]) == (3, [9, 8], True)
  assert headers["expires"].startswith("2099-01-01T00:00:00")
  assert (headers["customer"], headers["root_id"], headers["parent_id"]) == ("acme", "root", "parent")


def test_a_copy_is_sent_whatever_the_tasks_own_apply_async_does(stage: Stage) -> None:
  """As of a class of tasks that sends none while one of them runs."""
  class Single(Task):  # type: ignore[misc]
    abstract = True

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
      return self.AsyncResult("the one that runs")

  stage.guard()
  task = stage.task(base=Single)
  records(stage).begin(elsewhere())
  assert stage.deliver(task) == states.IGNORED
  assert take(stage).headers["id"] == OCCURRENCE


def send_nothing(*args: Any, **kwargs: Any) -> None:
  pass


def send_another(name: str, args: Any, kwargs: Any, *, task_type: Any, **options: Any) -> Any:
  return Celery.send_task(task_type.app, name, args, kwargs, task_type=task_type, **{**options, "task_id": "another"})


@pytest.mark.parametrize("send,problem", [
  (send_nothing, "has not published it"), (send_another, "has not published it"), (None, "task_protocol")])
def test_a_message_of_which_no_copy_was_published_stays(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, send: Any, problem: str) -> None:
  stage.guard()
  task = stage.task()
  records(stage, lease=1).begin(elsewhere())
  if send is None:
    stage.app.conf.task_protocol = 1
  else:
    monkeypatch.setattr(stage.app, "send_task", send)
  assert stage.deliver(task) is None, "the first run was not renewed, so it is dead"
  assert len(stage.ran) == 1 and problem in caplog.text and stage.messages() == (send is send_another)


def test_a_copy_is_sent_also_by_an_application_that_runs_its_tasks_itself(stage: Stage) -> None:
  stage.app.conf.task_always_eager = True
  stage.guard()
  task = stage.task()
  records(stage).begin(elsewhere())
  assert stage.deliver(task) == states.IGNORED
  assert stage.ran == [] and stage.messages() == 1


def test_a_copy_goes_to_its_queue_whatever_the_routes_say(stage: Stage) -> None:
  def route(name: str, *arguments: Any, **options: Any) -> Any:
    raise ValueError("a route that was asked when the message was sent")

  stage.app.conf.update(
    task_routes=[route],
    task_queues=[Queue(name, Exchange("topics", "topic"), "key") for name in ("celery", "other")])
  stage.guard()
  task = stage.task()
  first = elsewhere()
  with stage.app.connection_for_write() as connection:
    for queue in stage.app.amqp.queues.values():
      queue(connection.default_channel).declare()
  for delivery in ({}, FROM_EXCHANGE):
    stage.client.delete("celery")
    records(stage).release(first)
    records(stage).begin(first)
    assert stage.deliver(task, **delivery) == states.IGNORED
    assert stage.messages() == 1 and not stage.client.exists("other")


def test_a_copy_keeps_the_name_under_which_its_task_was_sent(stage: Stage) -> None:
  """As of a task that was renamed, and is known by its old name too."""
  stage.guard()
  task = stage.task()
  records(stage).begin(elsewhere(task="as.it.was"))
  stage.deliver(task, task="as.it.was")
  assert take(stage).headers["task"] == "as.it.was"


def test_a_copy_is_away_for_less_than_the_visibility_timeout(stage: Stage) -> None:
  stage.app.conf.broker_transport_options = {"visibility_timeout": 20}
  stage.guard()
  task = stage.task()
  records(stage, lease=3600).begin(elsewhere())
  began = time.time()
  stage.deliver(task)
  eta = datetime.datetime.fromisoformat(take(stage).headers["eta"]).timestamp()
  assert 5 < eta - began < 11


def test_a_copy_that_cannot_be_sent_waits_for_the_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
  def refuse(*args: Any, **kwargs: Any) -> float:
    raise OSError("no broker")

  stage.guard()
  task = stage.task()
  first = elsewhere()
  held = records(stage, lease=1)
  held.begin(first)
  monkeypatch.setattr("reactivebeat.guard.copies.send_back", refuse)
  assert stage.deliver(task) is None, "the first run was not renewed, so it is dead"
  assert len(stage.ran) == 1


@pytest.mark.parametrize("place", ["records.Records.begin", "copies.send_back"])
def test_a_time_limit_ends_the_wait_and_keeps_the_message(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
  def late(*args: Any, **kwargs: Any) -> None:
    raise SoftTimeLimitExceeded

  stage.guard()
  task = stage.task(acks_late=True)
  records(stage).begin(elsewhere())
  monkeypatch.setattr("reactivebeat.guard." + place, late)
  assert stage.deliver(task) == states.REJECTED
  task.acks_late = False
  with pytest.raises(SoftTimeLimitExceeded):
    stage.deliver(task)
  assert stage.ran == []


# A run that goes on.


def test_a_long_run_is_renewed_and_a_paused_one_hears_of_it(stage: Stage) -> None:
  seen: Dict[str, Any] = {}

  def work() -> None:
    begun = stage.value()
    deadline = time.monotonic() + 60
    while stage.value() == begun and time.monotonic() < deadline:
      time.sleep(0.01)
    seen["renewed"] = stage.value() != begun
    seen["mine"] = worker.still_mine()
    # Another worker takes over, as if this process had been paused.
    stage.client.delete(KEY)
    records(stage).begin(elsewhere())
    seen["lost"] = not worker.still_mine()

  stage.guard(lease=0.5)
  assert stage.deliver(stage.task(work)) is None
  assert seen == {"renewed": True, "mine": True, "lost": True}
  assert worker.still_mine(), "outside of a run nothing is lost"
  value = stage.value()
  assert value is not None and value.startswith(b"0.0 0.0 "), "the other run is still recorded"


# Redis is away.


def test_a_run_waits_for_redis(stage: Stage) -> None:
  stage.guard(patience=60)
  task = stage.task(ignore_result=True)
  begin, calls = Records.begin, []

  def late(self: Records, run: Run) -> Any:
    calls.append(run)
    if len(calls) < 3:
      raise redis.ConnectionError("away")
    return begin(self, run)

  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(Records, "begin", late)
    assert stage.deliver(task) is None
  assert len(calls) == 3 and stage.value() == b"0.0"


def test_after_the_patience_it_runs_unguarded_and_its_end_is_recorded_later(
    stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
  def away(*args: Any) -> Any:
    raise redis.ConnectionError("away")

  stage.guard(patience=0.2)
  task = stage.task(ignore_result=True)
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(Records, "begin", away)
    patch.setattr(Records, "finish", away)
    began = time.monotonic()
    assert stage.deliver(task) is None
    assert 0.2 <= time.monotonic() - began < 30
  assert len(stage.ran) == 1
  assert "runs unguarded" in caplog.text
  deadline = time.monotonic() + 60
  while stage.value() != b"0.0":
    assert time.monotonic() < deadline, "the end was not recorded"
    time.sleep(0.01)
  assert stage.deliver(task) == states.IGNORED


def test_an_end_that_is_owed_comes_before_the_next_message(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
  def away(*args: Any) -> Any:
    raise redis.ConnectionError("away")

  # The process' own thread, which would record the end as well, does not begin.
  monkeypatch.setattr("reactivebeat.guard.keeper.Keeper._wake", lambda self: None)
  stage.guard()
  task = stage.task(ignore_result=True)
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(Records, "finish", away)
    stage.deliver(task)
  stage.client.flushall()  # as of a Redis that has begun anew
  assert stage.deliver(task) == states.IGNORED
  assert len(stage.ran) == 1


def test_an_application_without_redis_runs_and_says_so(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
  stage.app.conf.broker_url = "memory://"
  stage.guard()
  task = stage.task(ignore_result=True)
  assert stage.deliver(task) is None
  assert len(stage.ran) == 1 and "redis_scheduler_url" in caplog.text


# Where it is recorded.


def test_redis_may_be_named(stage: Stage, server: Server) -> None:
  stage.app.conf.broker_url = "memory://"
  task = stage.task(ignore_result=True)
  for place, redis_option in ((5, server.url(5)), (6, server.client(6))):
    stage.guard(redis=redis_option, prefix="mine:")
    stage.deliver(task)
    assert server.client(place).get("mine:stage/celery/work:" + OCCURRENCE) == b"0.0"
  stage.app.conf.redis_scheduler_url = server.url(7)
  stage.guard()
  stage.deliver(task)
  assert server.client(7).get(KEY) == b"0.0"


@pytest.mark.parametrize("main,setting,name", [
  ("shop", None, "shop"), ("shop", "office", "office"), (None, None, "celery"), ("__main__", None, "celery"),
  ("__main__", "office", "office")])
def test_a_record_has_the_name_of_its_application(
    stage: Stage, main: Optional[str], setting: Optional[str], name: str) -> None:
  """So that another application, whose occurrence has the same id, runs its own."""
  stage.guard()
  task = stage.task(ignore_result=True)
  stage.deliver(task)
  stage.app.main = main
  if setting is not None:
    stage.app.conf.reactivebeat_application = setting
  stage.guard()
  assert [stage.deliver(task) for _ in range(2)] == [None, states.IGNORED]
  assert stage.client.get(f"reactivebeat:once:{name}/celery/work:{OCCURRENCE}") == b"0.0"


def test_another_task_with_the_same_id_runs(stage: Stage) -> None:
  stage.guard()
  task = stage.task(ignore_result=True)

  def run() -> None:
    stage.ran.append("other")

  other = stage.prepare(stage.app.task(name="other", shared=False, ignore_result=True)(run))
  assert [stage.deliver(task), stage.deliver(other), stage.deliver(task), stage.deliver(other)] == [
    None, None, states.IGNORED, states.IGNORED]
  assert stage.ran == [(), "other"]


@pytest.mark.parametrize("options", [{"keep": 0}, {"lease": 0.1}, {"lease": 4000}, {"patience": -1}, {"keep": 1e9}])
def test_numbers_have_bounds(stage: Stage, options: Any) -> None:
  with pytest.raises(ValueError, match=next(iter(options))):
    stage.guard(**options)


def test_an_unknown_celery_is_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.delattr(Task, "__trace__")
  with pytest.raises(RuntimeError, match="guard nothing"):
    stage.guard()
