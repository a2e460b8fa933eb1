"""What a publisher is told of a manifest: what it changes, and what the daemon will do otherwise than Celery."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any, Collection, Dict, Final, Iterator, List, Mapping, Optional

if TYPE_CHECKING:
  from celery import Celery

#: What is not said of a task, but of the asking.
_ASIDE: Final = {"from", "notes", "varies", "registered"}


def moved(old: Optional[Mapping[str, Any]], new: Mapping[str, Any]) -> Iterator[str]:
  """That the broker has another name. It may be the same one: servers have several names, and sentinels any order."""
  before, after = (old or {}).get("broker"), new.get("broker")
  if before is not None and after is not None and before != after:
    yield (
      f"the broker is {after} here, and was {_text(before)} where the manifest was published last: if these are two "
      "applications, give each a name of its own (reactivebeat_application), or they take each other's schedules away")


def changes(
    old: Optional[Mapping[str, Any]], new: Mapping[str, Any], left_out: Collection[str] = ()) -> Iterator[str]:
  """What differs between two manifests, in words. A first one differs in its tasks only by their number.

  - left_out: tasks that are there, and not in the manifest.
  """
  if old is None or old.get("application") != new["application"]:
    place = f" in place of {str(old.get('application'))[:100]}" if old is not None else ""
    yield f"application {new['application']}{place}: {len(new['tasks'])} tasks"
    return
  for field in ("timezone", "transport_options", "routers", "queue_declaration"):
    if old.get(field) != new.get(field):
      yield f"{field}: {_text(old.get(field))} -> {_text(new.get(field))}"
  yield from _sending_changes("other tasks, which the application does not have", old.get("default"), new["default"])
  found = old.get("tasks")
  tasks: Mapping[str, Any] = found if isinstance(found, dict) else {}
  for name in sorted(set(tasks) | set(new["tasks"])):
    if name in left_out:
      continue
    if name not in new["tasks"]:
      yield f"task {name}: is no longer there"
    elif name not in tasks:
      yield f"task {name}: new, {sending(new['tasks'][name])}"
    else:
      yield from _sending_changes(f"task {name}", tasks[name], new["tasks"][name])


def _sending_changes(subject: str, old: Any, new: Mapping[str, Any]) -> Iterator[str]:
  before: Mapping[str, Any] = old if isinstance(old, dict) else {}
  parts = [
    _change(field, before.get(field), new.get(field))
    for field in sorted((set(before) | set(new)) - _ASIDE) if before.get(field) != new.get(field)]
  if parts:
    yield f"{subject}: {', '.join(parts)}"


def _change(field: str, old: Any, new: Any) -> str:
  if old is None:
    return f"now {field} {_text(new)}"
  return f"{field} {_text(old)} -> {_text(new)}" if new is not None else f"{field} {_text(old)} no longer"


def sending(task: Mapping[str, Any]) -> str:
  """Where and how a task is sent, in words."""
  if "problem" in task:
    return str(task["problem"])
  order = ["queue", "exchange", "exchange_type", "routing_key"]
  fields = [field for field in order if field in task] + sorted(set(task) - _ASIDE - set(order))
  return ", ".join(f"{field} {_text(task[field])}" for field in fields)


def warnings(app: Celery, manifest: Mapping[str, Any]) -> Iterator[str]:
  """What the daemon will do otherwise than Celery, and what the application cannot say."""
  from celery import signals
  if signals.before_task_publish.receivers:
    yield "before_task_publish has receivers, which the daemon does not call: what they change in a message is missing"
  yield from _own_ways(app)
  seen: Dict[str, List[str]] = {}
  for name, task in manifest["tasks"].items():
    texts = [task[field] for field in ("problem", "unsaid") if field in task] + list(task.get("notes", ()))
    if task.get("serializer"):
      texts.append(f"is sent as {task['serializer']} by the application, and as JSON by the daemon")
    for text in texts:
      seen.setdefault(text, []).append(name)
  for text, names in seen.items():
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    yield f"{', '.join(names[:3])}{more}: {text}"


def _own_ways(app: Celery) -> Iterator[str]:
  """What the application has put in the place of Celery's own functions for sending, and settings for that."""
  from celery.app.amqp import AMQP
  from celery.app.base import Celery as Own

  def differs(found: Any, own: type, name: str) -> bool:
    # Wrappings by others (tracing, for example) do not count.
    return inspect.unwrap(getattr(found, name)) is not inspect.unwrap(getattr(own, name))

  if "send_task" in vars(app) or differs(type(app), Own, "send_task"):
    yield ("the application has a send_task of its own, which the daemon does not call: what it changes in a message "
           "is missing")
  methods = [name for name in ("as_task_v2", "_create_task_sender") if differs(type(app.amqp), AMQP, name)]
  if methods:
    yield (f"the application's {type(app.amqp).__name__} has {' and '.join(methods)} of its own, which the daemon does "
           "not call: what it changes in a message is missing")
  for name in ("argsrepr_maxsize", "kwargsrepr_maxsize"):
    size, own = getattr(app.amqp, name), getattr(AMQP, name)
    if size != own:
      yield f"{name} is {size}, and the daemon's {name.partition('_')[0]} has up to {own} characters"
  if app.conf.task_protocol != 2:
    yield f"task_protocol is {app.conf.task_protocol}, and the daemon sends by protocol 2, as Celery does since 4.0"


def _text(value: Any) -> str:
  return "none" if value is None else value if isinstance(value, str) else json.dumps(value)
