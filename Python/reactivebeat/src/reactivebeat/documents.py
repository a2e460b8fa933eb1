"""A schedule's document: read, built, and changed without touching any other byte."""

from __future__ import annotations

import copy
import datetime
import difflib
from typing import Any, Dict, Final, List, Mapping, Optional, Tuple, Union

from . import values, when
from .errors import InvalidSchedule
from .fields import REFUSED, REFUSED_ANYWHERE, Change, Field, IntervalField, WhenField, ZoneField
from .jsontext import JSONText
from .values import Seconds

#: The longest document, in bytes.
LONGEST_DOCUMENT: Final = 1_048_576
#: What the daemon writes into documents. Nobody else needs to.
BOOKKEEPING: Final = ("last_run_at", "total_run_count")
_LONGEST_TASK: Final = 1_024


class Record:
  """The fields of a document as attributes. What others have written is given as it stands there, of whatever type."""

  def __init__(self, name: str, text: JSONText) -> None:
    self._name = name
    self._text = text

  @property
  def name(self) -> str:
    """The schedule's name: its key without the prefix. The document's field of this name is `label`."""
    return self._name

  @property
  def text(self) -> JSONText:
    """The document."""
    return self._text

  #: A name for people, the document's field `name`.
  label = Field[Optional[str], str](values.text, key="name", is_required=True)
  #: The registered name of the Celery task.
  task = Field[Optional[str], str](
    lambda field, value: values.text(field, value, _LONGEST_TASK), is_required=True)
  enabled = Field[bool, bool](values.flag, read=lambda field, value: value is True, is_required=True)
  #: The schedule: a `timedelta`, a mapping of crontab fields, or a `datetime`. It takes all that `put` takes.
  when = WhenField()
  relative = IntervalField("align")
  align = IntervalField("relative")
  timezone = ZoneField()
  args = Field[Optional[List[Any]], Optional[List[Any]]](values.items)
  kwargs = Field[Optional[Dict[str, Any]], Optional[Mapping[str, Any]]](values.members)
  queue = Field[Optional[str], Optional[str]](values.queue, is_option=True)
  exchange = Field[Optional[str], Optional[str]](values.queue, is_option=True)
  exchange_type = Field[Optional[str], Optional[str]](
    lambda field, value: values.choice(field, value, ("direct", "topic")), is_option=True)
  routing_key = Field[Optional[str], Optional[str]](values.queue, is_option=True)
  priority = Field[Optional[int], Optional[int]](values.priority, is_option=True)
  #: Seconds, or a date as the document has it.
  expires = Field[Any, Union[Seconds, datetime.datetime, None]](values.expiry, is_option=True)
  time_limit = Field[Union[int, float, None], Optional[Seconds]](values.seconds, is_option=True)
  soft_time_limit = Field[Union[int, float, None], Optional[Seconds]](values.seconds, is_option=True)
  headers = Field[Optional[Dict[str, Any]], Optional[Mapping[str, Any]]](values.members, is_option=True)
  ignore_result = Field[Optional[bool], Optional[bool]](values.flag, is_option=True)
  delivery_mode = Field[Union[int, str, None], Union[int, str, None]](values.delivery_mode, is_option=True)
  shadow = Field[Optional[str], Optional[str]](values.text, is_option=True)
  argsrepr = Field[Optional[str], Optional[str]](values.text, is_option=True)
  kwargsrepr = Field[Optional[str], Optional[str]](values.text, is_option=True)
  run_immediately = Field[Optional[bool], Optional[bool]](values.flag)
  start_after = Field[Optional[datetime.datetime], Optional[datetime.datetime]](values.date, read=values.instant)
  expires_at = Field[Optional[datetime.datetime], Optional[datetime.datetime]](values.date, read=values.instant)
  max_run_count = Field[Optional[int], Optional[int]](values.count)
  one_off = Field[Optional[bool], Optional[bool]](values.flag)
  jitter = Field[Union[int, float, None], Optional[Seconds]](values.seconds)
  catchup = Field[Optional[str], Optional[str]](
    lambda field, value: values.choice(field, value, ("latest", "none", "all")))
  catchup_window = Field[Union[int, float, None], Optional[Seconds]](values.seconds)

  @property
  def last_run_at(self) -> Optional[datetime.datetime]:
    """The due time of the last run, which the daemon writes."""
    return values.instant("last_run_at", self.text.value("last_run_at"))

  @property
  def total_run_count(self) -> int:
    """How often it has run, which the daemon counts."""
    found = self.text.value("total_run_count")
    return found if isinstance(found, int) else 0

  def __getitem__(self, field: str) -> Any:
    """Any field by its name in the document. Raises KeyError."""
    if self.text.raw(field) is None:
      raise KeyError(field)
    return self.lend(field, self.text.value(field))

  def get(self, field: str, default: Any = None) -> Any:
    return self[field] if field in self else default

  def __contains__(self, field: object) -> bool:
    return isinstance(field, str) and self.text.raw(field) is not None

  def keys(self) -> List[str]:
    """The names of the document's fields, in their order."""
    return self.text.keys

  def change(self, change: Change) -> None:
    raise AttributeError(f"this is what {self.name} was when it was read: change it by edit() or update()")

  def lend(self, field: str, value: Any) -> Any:
    """Every value that is read is given out by this."""
    return value

  def __setattr__(self, name: str, value: Any) -> None:
    if not name.startswith("_") and not isinstance(getattr(type(self), name, None), Field):
      self._refuse(name)
    super().__setattr__(name, value)

  def __delattr__(self, name: str) -> None:
    if not isinstance(getattr(type(self), name, None), Field):
      self._refuse(name)
    super().__delattr__(name)

  def _refuse(self, name: str) -> None:
    """Raises an error for an attribute that is no field."""
    self.change(lambda text: None)

  def __repr__(self) -> str:
    return f"<{type(self).__name__} {self.name}>"


class Document(Record):
  """A stored document, as it was when it was read."""

  def __init__(self, name: str, data: bytes) -> None:
    self._data = data
    self._problem: Optional[str] = None
    try:
      text = JSONText(decode(data))
    except InvalidSchedule as error:
      self._problem, text = error.reason, JSONText()
    super().__init__(name, text)

  @property
  def data(self) -> bytes:
    """The very bytes in Redis."""
    return self._data

  @property
  def problem(self) -> Optional[str]:
    """What is wrong with it as a whole; None: it is a JSON object."""
    return self._problem


class Draft(Record):
  """A document that is being changed.

  Each assignment is a change of one field, checked at once. The changes are carried out on the bytes that stand in
  Redis by then, so what others have written into other fields stays. `draft["colour"] = "red"` and `del` change fields
  of your own, or any other.
  """

  def __init__(self, name: str, data: bytes) -> None:
    """Raises InvalidSchedule if the bytes are no JSON object."""
    super().__init__(name, JSONText(decode(data)))
    self._changes: List[Change] = []
    self._lent: List[Tuple[str, Any, Any]] = []

  def change(self, change: Change) -> None:
    trial = self.text.copy()
    change(trial)
    self._text = trial
    self._changes.append(change)

  def lend(self, field: str, value: Any) -> Any:
    # What is done to a list or an object that was read would be lost without a word.
    if isinstance(value, (list, dict)):
      self._lent.append((field, value, copy.deepcopy(value)))
    return value

  def _refuse(self, name: str) -> None:
    if name == "name":
      raise InvalidSchedule(
        name, "is the schedule's own name, which rename() changes; label is the document's field name")
    if name in BOOKKEEPING:
      raise InvalidSchedule(name, f'is written by the daemon; if it must be, s["{name}"] changes it')
    raise InvalidSchedule(name, unknown(name, f's["{name}"]'))

  def __setitem__(self, field: str, value: Any) -> None:
    known = _KNOWN.get(field)
    if known is not None:
      return self.change(known.change(value))
    if field in REFUSED_ANYWHERE:
      raise InvalidSchedule(field, f"cannot be honoured: {REFUSED[field]}")
    key = values.text("field", field)
    json = values.dumps(key, value)
    self.change(lambda text: text.set((key,), json))

  def __delitem__(self, field: str) -> None:
    known = _KNOWN.get(field)
    self.change(known.change(None) if known is not None else lambda text: text.remove((field,)))

  @property
  def is_changed(self) -> bool:
    """Raises InvalidSchedule if something that was read has been changed, and not been assigned."""
    for field, value, before in self._lent:
      if value != before:
        raise InvalidSchedule(field, "was changed in place, which changes no document: assign it the new value")
    return bool(self._changes)

  def finished(self) -> bytes:
    """The document that was read with the changes. Raises InvalidSchedule where they make one that cannot be used."""
    check_schedule(self.text)
    return encode(self.text)

  def on(self, data: bytes) -> bytes:
    """The same changes on other bytes."""
    if not self.is_changed:
      return data
    text = JSONText(decode(data))
    for change in self._changes:
      change(text)
    check_schedule(text)
    return encode(text)


def unknown(field: str, own: str) -> str:
  """Why a name is no field of a schedule, and which is meant. `own` says where a field of the user's own goes."""
  if field in REFUSED:
    return f"cannot be honoured: {REFUSED[field]}"
  if field in when.FIELDS:
    return "is given as when: seconds, a timedelta, a crontab, a line of cron, or a datetime"
  near = difflib.get_close_matches(field, [name for name, value in vars(Record).items() if isinstance(value, Field)], 1)
  return "is not a field of a schedule: " + (f"is {near[0]} meant?" if near else f"one of your own is {own}")


def kept(before: bytes, new: bytes) -> bytes:
  """A document that takes the place of another, with that one's last run and count where it names none itself."""
  try:
    old = JSONText(decode(before))
  except InvalidSchedule:
    return new
  text = JSONText(decode(new))
  for field in BOOKKEEPING:
    value = old.raw(field)
    if value is not None and text.raw(field) is None:
      text.set((field,), value)
  return encode(text)


def decode(data: bytes) -> str:
  """Bytes that are no UTF-8 stay as surrogates, so that they are written back as they are."""
  return data.decode("utf-8", "surrogateescape")


def encode(text: JSONText) -> bytes:
  data = text.text.encode("utf-8", "surrogateescape")
  if len(data) > LONGEST_DOCUMENT:
    raise InvalidSchedule("", f"a document has {len(data)} bytes, and at most {LONGEST_DOCUMENT} are allowed")
  return data


def check_schedule(text: JSONText) -> None:
  """Raises InvalidSchedule if a document has no schedule, or more than one, or one that never or always comes."""
  present = [field for field in when.FIELDS if text.has(field)]
  if len(present) > 1:
    raise InvalidSchedule("", f"has more than one schedule ({', '.join(present)}); keep one")
  if not present:
    raise InvalidSchedule("", "has no schedule; add an interval, a crontab or a clocked time")
  held = text.value(present[0]) if present[0] != "clocked" else {}
  if not isinstance(held, dict):
    raise InvalidSchedule(present[0], "expected an object")
  if "every" in held:
    every = held["every"]
    if isinstance(every, bool) or not isinstance(every, (int, float)):
      raise InvalidSchedule(f"{present[0]}.every", "expected a number")
    found = when.read(text)
    if isinstance(found, datetime.timedelta):
      when.written(found)
    if held.get("relative") is True and held.get("align") is True:
      raise InvalidSchedule(f"{present[0]}.align", "cannot be joined with relative; keep one of the two")


#: The fields that are written as they are given, in the order in which a new document has them.
FIELDS: Final[Dict[str, Field[Any, Any]]] = {
  name: field for name, field in vars(Record).items()
  if isinstance(field, Field) and name not in ("label", "task", "enabled", "when", "relative", "align")}
#: All fields of the top level that have an attribute, by their names in documents.
_KNOWN: Final[Dict[str, Field[Any, Any]]] = {
  "name": Record.label, "task": Record.task, "enabled": Record.enabled, **FIELDS}
