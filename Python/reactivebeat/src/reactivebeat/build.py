"""New documents, and changes of stored ones."""

from __future__ import annotations

from typing import Any, Callable, Dict, Final, Mapping, Optional, Tuple, Union

from . import values, when
from .documents import BOOKKEEPING, FIELDS, Draft, Record, check_schedule, decode, encode, unknown
from .errors import InvalidSchedule
from .fields import REFUSED, REFUSED_ANYWHERE
from .jsontext import JSONText

_ONE: Final = "a schedule sends one: let that task call the others"


def build(
  name: str, task: Any, due: when.When, fields: Mapping[str, Any], zone: Optional[str] = None,
) -> bytes:
  """A new document.

  `zone` is for a schedule that follows the clock, where neither the fields nor the schedule name one. Raises
  InvalidSchedule, which names the field.
  """
  values.name(name)
  named, options = _of_task(task)
  given = {**options, **{field: value for field, value in fields.items() if value is not None}}
  schedule = when.written(due)
  for field in ("relative", "align"):
    if given.get(field) is not None and schedule.field != "interval":
      raise InvalidSchedule(field, "belongs to an interval, and the schedule is none")
  wanted = values.flag("relative", given.pop("relative", schedule.members.get("relative", False)))
  if values.flag("align", given.pop("align", False)):
    if wanted:
      raise InvalidSchedule("align", "cannot be joined with relative; keep one of the two")
    schedule.members["align"] = True
  elif wanted:
    schedule.members["relative"] = True
  if "timezone" not in given and zone is not None and schedule.follows_clock:
    given["timezone"] = zone

  extra = values.members("extra", given.pop("extra", {}))
  text = JSONText()
  label = given.pop("label", None)
  shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
  for change in (
    Record.label.change(shown if label is None else label), Record.task.change(named),
    Record.enabled.change(given.pop("enabled", True)), lambda text: when.write(schedule, text),
  ):
    change(text)
  for field, value in given.items():
    if field not in FIELDS:
      raise InvalidSchedule(field, unknown(field, f'extra={{"{field}": …}}'))
  for field, found in FIELDS.items():
    if field in given:
      found.change(given[field])(text)
  for field, value in extra.items():
    if field in text.keys or field in FIELDS or field in when.FIELDS or field in BOOKKEEPING:
      raise InvalidSchedule(field, "is a field of a schedule, and none of your own: leave it out of extra")
    text.set((values.text("extra", field),), values.dumps(field, value))
  return encode(text)


def edit_by(name: str, function: Callable[[Draft], object]) -> Callable[[bytes], bytes]:
  """An edit of a document's bytes by a function that changes a draft."""
  def edit(before: bytes) -> bytes:
    draft = Draft(name, before)
    function(draft)
    return draft.finished() if draft.is_changed else before
  return edit


def whole(document: Union[Mapping[str, Any], str, bytes]) -> bytes:
  """A whole document that its author wrote. What every one must have is checked here, and the rest by the daemon."""
  if isinstance(document, bytes):
    text = JSONText(decode(document))
  else:
    text = JSONText(document if isinstance(document, str) else values.dumps("", values.members("", document)))
  for field in ("name", "task", "enabled"):
    if not text.has(field):
      raise InvalidSchedule(field, "is missing")
  Record.label.json(text.value("name"))
  Record.task.json(text.value("task"))
  Record.enabled.json(text.value("enabled"))
  for field in ("args", "kwargs"):
    if text.has(field):
      FIELDS[field].json(text.value(field))
  for field in REFUSED_ANYWHERE:
    # A link to a page is nothing of Celery's.
    if text.has(field) and text.value(field) and not (field == "link" and "://" in str(text.value(field))):
      raise InvalidSchedule(field, f"cannot be honoured: {REFUSED[field]}")
  check_schedule(text)
  return encode(text)


def _of_task(task: Any) -> Tuple[str, Dict[str, Any]]:
  """The name of a task, and what a signature says beside it."""
  if isinstance(task, str):
    return task, {}
  if isinstance(task, Mapping) and "task" in task and "options" in task:
    return _of_signature(task)
  name = getattr(task, "name", None)
  if isinstance(name, str) and hasattr(task, "apply_async"):
    return name, {}
  kind = "a function" if callable(task) and not isinstance(task, type) else f"a {type(task).__name__}"
  raise InvalidSchedule("task", f"{kind} is no task: expected a Celery task, its name, or a signature")


def _of_signature(signature: Mapping[str, Any]) -> Tuple[str, Dict[str, Any]]:
  if signature.get("subtask_type"):
    raise InvalidSchedule("task", f"a {signature['subtask_type']} is several tasks; {_ONE}")
  fields: Dict[str, Any] = {}
  for option, value in dict(signature["options"] or {}).items():
    if option in REFUSED and value:
      raise InvalidSchedule(option, f"cannot be honoured: {REFUSED[option]}")
    if option in ("serializer", "compression") and value not in (None, "", "json", "none"):
      raise InvalidSchedule(option, "cannot be honoured: messages are JSON, uncompressed")
    if option in FIELDS and value is not None:
      # An option may be kombu's object for a queue or an exchange.
      fields[option] = value if option not in ("queue", "exchange") else getattr(value, "name", value)
  for field in ("args", "kwargs"):
    if signature.get(field):
      fields[field] = signature[field]
  return str(signature["task"]), fields
