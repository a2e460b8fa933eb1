"""A second copy of a message whose run is alive: it comes back when that run must have been renewed."""

from __future__ import annotations

import uuid
from typing import Any, Final, Mapping

from celery.app.task import Context

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


def send_back(task: Any, args: Any, kwargs: Any, request: Mapping[str, Any], copy: str, remaining: float) -> float:
  """Sends the message again, to be run `remaining` seconds from now, and gives how long it stays away in fact.

  It has the same id, attempt, arguments, limits and queue, as a message of `Task.retry` has. Raises what
  `apply_async` raises.
  """
  context: Any = Context(request, args=args, kwargs=kwargs, called_directly=False)
  options: dict[str, Any] = {"headers": {**(context.as_execution_options()["headers"] or {}), HEADER: copy}}
  if request.get("ignore_result") is not None:
    # Celery 5.6 takes the task's own for a message that is sent again.
    options["ignore_result"] = request["ignore_result"]
  # A worker holds a message with a countdown without acknowledging it. Held for as long as the visibility timeout, it
  # would be delivered again, and each delivery would send another copy.
  delay = min(remaining + _MARGIN, _visibility_timeout(task.app) / 2)
  task.signature_from_request(context, countdown=delay, **options).apply_async()
  return delay


def _visibility_timeout(app: Any) -> float:
  options = app.conf.broker_transport_options
  value = options.get("visibility_timeout") if isinstance(options, Mapping) else None
  return float(value) if isinstance(value, (int, float)) and value > 0 else _VISIBILITY_TIMEOUT
