"""Stands around Celery's execution of a task, and decides whether it may be executed now.

Why at `Task.__trace__`, the function that Celery makes for each task and calls for each message in every pool:

- A `task_prerun` receiver cannot hold an execution back: what it raises is only logged.
- The annotation `@__call__` reaches only tasks that are bound later than it is set, and replaces another annotation of
  `__call__`. Inside of `__call__` the execution has begun already: the result STARTED is stored over an earlier one,
  and signals were sent. And it ends before the result is stored and callbacks are sent, so that a worker which dies in
  between would lose them.
- `Task.Request` belongs to the worker's main process, which must not wait for Redis.
- A base class, as `app.Task`, is not that of tasks which name their own.

`__trace__` is there with the same arguments since Celery 4. It reaches shared tasks, class-based ones with a `__call__`
of their own, `bind=True`, and stands outside of `autoretry_for`. Celery sets it for each task when a worker's process
begins, and again when it connects anew. So it is a descriptor here, which gives the guarded function whatever is set,
and whenever.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any, Callable, Final, List, Mapping, Optional, Tuple

import redis
from billiard.einfo import ExceptionInfo
from celery import states
from celery.app.task import Task
from celery.app.trace import TraceInfo, trace_ok_t
from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded

from ..errors import ReactiveBeatError
from . import copies, queues
from .keeper import Keeper
from .records import Attempt, Granted, Records, Repeat, Run, Verdict

logger: Final = logging.getLogger("reactivebeat.worker")

#: The name of the guard among an application's attributes.
_ATTRIBUTE: Final = "_reactivebeat_guard"
#: The first and the longest pause in seconds between two questions while a run waits.
_PAUSES: Final = (0.1, 1.0)

#: What Celery calls: task id, args, kwargs, request.
Tracer = Callable[..., Any]


class _Trace:
  """Takes the place of `Task.__trace__`."""

  def __get__(self, task: Any, owner: Any = None) -> Optional[Tracer]:
    tracer: Optional[Tracer] = None if task is None else task.__dict__.get("__trace__")
    guard: Optional[Guard] = None if tracer is None else getattr(task.app, _ATTRIBUTE, None)
    if guard is None or tracer is None:
      return tracer
    return lambda uuid, args, kwargs, request=None: guard.trace(task, tracer, uuid, args, kwargs, request)

  def __set__(self, task: Any, tracer: Optional[Tracer]) -> None:
    task.__dict__["__trace__"] = tracer


def install(app: Any, guard: Guard) -> None:
  """Puts the guard around the tasks of an application, those that exist and those to come."""
  if "__trace__" not in vars(Task):
    raise RuntimeError("this version of Celery executes tasks in a way that reactivebeat does not know (no "
                       "Task.__trace__): the guard would guard nothing")
  if not isinstance(vars(Task)["__trace__"], _Trace):
    Task.__trace__ = _Trace()
  app.steps["consumer"].add(queues.Notes)
  setattr(app, _ATTRIBUTE, guard)


class _Process:
  """What belongs to one process: a connection and a thread do not survive a fork."""

  def __init__(self, records: Records, interval: float) -> None:
    self.pid = os.getpid()
    self.records = records
    self.keeper = Keeper(records, interval)


_local = threading.local()


def _runs() -> List[Tuple[_Process, Run]]:
  """The guarded runs of the calling thread, the innermost last."""
  runs: List[Tuple[_Process, Run]] = _local.__dict__.setdefault("runs", [])
  return runs


def still_mine() -> bool:
  """Whether the run of the calling thread is the one that is recorded. Raises redis.RedisError."""
  runs = _runs()
  if not runs:
    return True
  process, run = runs[-1]
  return process.records.renew([run])[0]


class Guard:
  """Keeps an application's workers from running an attempt twice."""

  def __init__(self, records: Callable[[], Records], applies: Callable[[Mapping[str, Any]], bool], lease: float,
               patience: Optional[float]) -> None:
    """`applies` tells by a message's headers whether it is guarded. `lease` and `patience`: see `worker.once`."""
    self._records = records
    self._applies = applies
    self._interval = lease / 3
    self._patience = patience
    self._lock = threading.Lock()
    self._process: Optional[_Process] = None

  def trace(self, task: Any, tracer: Tracer, uuid: str, args: Any, kwargs: Any, request: Any) -> Any:
    """Executes the task, unless it is a repeat or must come back later."""
    if not isinstance(request, dict):
      return tracer(uuid, args, kwargs, request)
    queue = queues.take(request)
    if queue == queues.EVERYONE or not self._applies(request):
      return tracer(uuid, args, kwargs, request)
    if queue is None:
      logger.error("Task %s[%s] runs unguarded: it came by an exchange, and from which of its queues is not known; "
                   "call once(app) where the application is made", task.name, uuid)
      return tracer(uuid, args, kwargs, request)
    run = Run(uuid, str(request.get("task") or task.name), queue, Attempt.of(request))
    try:
      process = self._here()
      verdict = self._begin(process, task, run, args, kwargs, request)
    except ReactiveBeatError as error:
      logger.error("Task %s[%s] runs unguarded: %s", task.name, uuid, error)
      return tracer(uuid, args, kwargs, request)
    except SoftTimeLimitExceeded:
      if not task.acks_late:
        raise
      return _skipped(Reject("the time limit was over before the run could begin", requeue=True), states.REJECTED)
    if isinstance(verdict, str):
      logger.info("Task %s[%s] is not run: %s", task.name, uuid, verdict)
      return _skipped(Ignore(verdict), states.IGNORED)
    return self._execute(process, task, tracer, run, args, kwargs, request)

  def _here(self) -> _Process:
    with self._lock:
      if self._process is None or self._process.pid != os.getpid():
        self._process = _Process(self._records(), self._interval)
      return self._process

  def _begin(self, process: _Process, task: Any, run: Run, args: Any, kwargs: Any,
             request: Mapping[str, Any]) -> Optional[str]:
    """None: execute it. Otherwise why not."""
    known = copies.name(request)
    can_send = True
    while True:
      verdict = self._ask(process, task, run)
      if isinstance(verdict, Granted):
        return None
      if isinstance(verdict, Repeat):
        return "it has been run"
      if verdict.copy and verdict.copy != known:
        return "it is being run, and another copy of its message comes back"
      if can_send:
        copy = copies.new_name()
        try:
          delay = copies.send_back(task, args, kwargs, request, run.queue, copy, verdict.remaining)
        except SoftTimeLimitExceeded:
          raise
        except Exception as error:
          logger.warning("Task %s[%s] waits here, since its message cannot be sent again: %r", task.name, run.task_id,
                         error)
          can_send = False
        else:
          self._announce(process.records, run, copy, known)
          return f"it is being run; its message comes back in {delay:.1f} s"
      time.sleep(min(max(verdict.remaining, _PAUSES[0]), _PAUSES[1]))

  def _announce(self, records: Records, run: Run, copy: str, known: str) -> None:
    """Says that a copy is on its way, when it is. Were that said first, a worker that dies in between would leave none.
    So it leaves two at worst, and the one that was not announced is dropped when it comes back."""
    try:
      records.announce(run, copy, known)
    except redis.RedisError as error:
      logger.warning("Task %s: two copies of its message may come back: %s", run.task_id, error)

  def _ask(self, process: _Process, task: Any, run: Run) -> Verdict:
    """Waits for Redis, but not for longer than the patience."""
    began = time.monotonic()
    pause, has_warned = _PAUSES[0], False
    while True:
      try:
        # What has ended here while Redis was away comes first: this message may be a repeat of it.
        process.keeper.settle()
        return process.records.begin(run)
      except redis.RedisError as error:
        waited = time.monotonic() - began
        if self._patience is not None and waited >= self._patience:
          logger.error("Task %s[%s] runs unguarded, since Redis does not answer: %s", task.name, run.task_id, error)
          return Granted()
        if not has_warned:
          has_warned = True
          logger.warning("Task %s[%s] waits for Redis, which must say whether it has been run: %s", task.name,
                         run.task_id, error)
        time.sleep(pause if self._patience is None else min(pause, self._patience - waited))
        pause = min(pause * 2, _PAUSES[1])

  def _execute(self, process: _Process, task: Any, tracer: Tracer, run: Run, args: Any, kwargs: Any,
               request: Any) -> Any:
    process.keeper.hold(run)
    runs = _runs()
    runs.append((process, run))
    has_ended = False
    try:
      outcome = tracer(run.task_id, args, kwargs, request)
      has_ended = _has_ended(task, outcome.info)
      return outcome
    finally:
      runs.pop()
      process.keeper.let_go(run)
      self._record_end(process, task, run, has_ended)

  def _record_end(self, process: _Process, task: Any, run: Run, has_ended: bool) -> None:
    try:
      if not has_ended:
        process.records.release(run)
      elif not process.records.finish(run):
        logger.warning("Task %s[%s] has ended here, and another run of it had begun elsewhere: was this process "
                       "paused, or Redis away?", task.name, run.task_id)
    except redis.RedisError as error:
      # A run that is not released counts as dead when its lease is over.
      if has_ended:
        process.keeper.owe(run)
      logger.warning("Task %s[%s]: its end cannot be recorded yet: %s", task.name, run.task_id, error)


def _has_ended(task: Any, info: Any) -> bool:
  """Whether the message does not come back. Without info it has succeeded. A message that sends another of the same id
  (RETRY, and IGNORED by `Task.replace`) has ended: the other is of a later attempt."""
  if info is None or info.state in (states.RETRY, states.IGNORED):
    return True
  if info.state != states.FAILURE:
    return False  # REJECTED: it goes back to the queue, or to a queue of dead letters, from which somebody may take it.
  acks_on_failure = getattr(task, "acks_on_failure", None)
  if acks_on_failure is None:
    acks_on_failure = task.acks_on_failure_or_timeout  # Celery 5.6
  return not task.acks_late or acks_on_failure is not False


def _skipped(reason: Exception, state: str) -> Any:
  """What Celery's own tracer gives for a task that raises Ignore or Reject: the message is acknowledged or put back,
  and no result is stored."""
  try:
    raise reason
  except (Ignore, Reject):
    return trace_ok_t(ExceptionInfo(internal=True), TraceInfo(state, reason), 0.0, None)
