"""A second copy of a message whose run is alive: it comes back when that run must have been renewed."""

from __future__ import annotations

import uuid
from typing import Any, Final, Mapping

from celery.app.task import Context
from kombu import entity

#: kombu's functions have no types.
_kombu: Any = entity

#: The header that names a copy which was sent back.
HEADER: Final = "reactivebeat_copy"
#: Seconds beyond the deadline, so that a copy which comes in time finds it over.
_MARGIN: Final = 0.1
#: Seconds after which kombu's Redis transport delivers a message again, unless told otherwise.
_VISIBILITY_TIMEOUT: Final = 3600.0


def name(request: Mapping[str, Any]) -> str:
  """The copy's name; empty for a message that was not sent back."""
  value = request.get(HEADER)
  return value if isinstance(value, str) else ""


def new_name() -> str:
  return uuid.uuid4().hex[:16]


def send_back(task: Any, args: Any, kwargs: Any, request: Mapping[str, Any], queue: str, copy: str,
              remaining: float) -> float:
  """Sends the message to its queue again, to be run `remaining` seconds from now, and gives how long it stays away in
  fact.

  It has the same id, name, attempt, arguments and limits. It goes to the queue alone, and not to the exchange by which
  it may have come, which may give it to others. The application sends it, and not the task: an `apply_async` of the
  task's own may send nothing, and Celery's runs the task here with `task_always_eager`. Routes are not asked.

  Raises what `Celery.send_task` raises, and RuntimeError where that has published nothing: one of the application's own
  may do anything. Only when this returns may the original be acknowledged.
  """
  if task.app.conf.task_protocol == 1:
    raise RuntimeError("a message of task_protocol 1 cannot say of which attempt it is, nor that it is a copy")
  context: Any = Context(request, args=args, kwargs=kwargs, called_directly=False)
  given = context.as_execution_options()
  # A worker holds a message with a countdown without acknowledging it. Held for as long as the visibility timeout, it
  # would be delivered again, and each delivery would send another copy.
  delay = min(remaining + _MARGIN, _visibility_timeout(task.app) / 2)
  options = {
    **given, "headers": {**(given["headers"] or {}), HEADER: copy}, "countdown": delay, "exchange": "",
    "routing_key": queue, "queue": _kombu.Queue(queue, _kombu.Exchange("", type="direct")), "declare": [],
    "serializer": task.serializer, "compression": getattr(task, "compression", None),
    "ignore_result": task.ignore_result if request.get("ignore_result") is None else request["ignore_result"]}
  priority = (context.delivery_info or {}).get("priority")
  if priority is not None:
    options["priority"] = priority
  with task.app.producer_or_acquire() as producer:
    witness = _Witness(producer, context.id, copy)
    task.app.send_task(request.get("task") or task.name, args, kwargs, task_type=task, router=_Router(),
                       producer=witness, **options)
  if not witness.has_published:
    raise RuntimeError("the application's send_task has not published it")
  return delay


class _Witness:
  """A producer that tells whether it has published the copy."""

  def __init__(self, producer: Any, task_id: str, copy: str) -> None:
    self._producer = producer
    self._task_id = task_id
    self._copy = copy
    self.has_published = False

  def __getattr__(self, name: str) -> Any:
    return getattr(self._producer, name)

  def publish(self, body: Any, **options: Any) -> Any:
    answer = self._producer.publish(body, **options)
    headers = options.get("headers") or {}
    if headers.get(HEADER) == self._copy and headers.get("id") == self._task_id:
      self.has_published = True
    return answer


class _Router:
  """Stands in for the application's router, whose routes were asked when the message was sent first."""

  def route(self, options: Any, *_: Any) -> Any:
    return options


def _visibility_timeout(app: Any) -> float:
  options = app.conf.broker_transport_options
  value = options.get("visibility_timeout") if isinstance(options, Mapping) else None
  return float(value) if isinstance(value, (int, float)) and value > 0 else _VISIBILITY_TIMEOUT
