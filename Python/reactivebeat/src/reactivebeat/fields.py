"""The fields of a document: where each stands, what it may be, and how it is read."""

from __future__ import annotations

import datetime
from typing import (
  TYPE_CHECKING, Any, Callable, Dict, Final, Generic, List, Mapping, Optional, TypedDict, TypeVar, Union, cast,
  overload)

from . import values, when
from .errors import InvalidSchedule
from .jsontext import JSONText, Path
from .values import Seconds, Zone

if TYPE_CHECKING:
  from .documents import Record

Read = TypeVar("Read")
Write = TypeVar("Write")
#: Writes something into a document's text. It is carried out again on newer bytes.
Change = Callable[[JSONText], None]


class Field(Generic[Read, Write]):
  """A field as an attribute. Assigning None takes it out of the document."""

  def __init__(
    self, check: Callable[[str, Any], Any], key: str = "", read: Optional[Callable[[str, Any], Any]] = None,
    is_option: bool = False, is_required: bool = False,
  ) -> None:
    #: Its name in the document.
    self.key = key
    self._check = check
    self._read = read
    #: An option of `apply_async` may stand in `options`, too; the top level wins.
    self._is_option = is_option
    self._is_required = is_required

  def __set_name__(self, owner: type, name: str) -> None:
    self.key = self.key or name

  @overload
  def __get__(self, record: None, owner: type) -> Field[Read, Write]: ...
  @overload
  def __get__(self, record: Record, owner: type) -> Read: ...

  def __get__(self, record: Optional[Record], owner: type) -> Union[Field[Read, Write], Read]:
    if record is None:
      return self
    value = record.text.value(*self.place(record.text))
    return cast(Read, record.lend(self.key, self._read(self.key, value) if self._read is not None else value))

  def __set__(self, record: Record, value: Write) -> None:
    record.change(self.change(value))

  def __delete__(self, record: Record) -> None:
    record.change(self.change(None))

  def json(self, value: Any) -> str:
    """The JSON of a value. Raises InvalidSchedule."""
    return values.dumps(self.key, self._check(self.key, value))

  def change(self, value: Any) -> Change:
    """What writes a value. Raises InvalidSchedule at once if it is not one."""
    if value is None:
      if self._is_required:
        raise InvalidSchedule(self.key, "is missing")
      return self._remove
    json = self.json(value)
    return lambda text: text.set(self.place(text), json)

  def place(self, text: JSONText) -> Path:
    """Where it stands, or would be put."""
    if self._is_option and not text.has(self.key) and text.has("options", self.key):
      return ("options", self.key)
    return (self.key,)

  def _remove(self, text: JSONText) -> None:
    text.remove((self.key,))
    if self._is_option:
      text.remove(("options", self.key))


class IntervalField(Field[bool, Optional[bool]]):
  """A flag within the interval. Setting one takes the other out."""

  def __init__(self, other: str) -> None:
    super().__init__(values.flag, read=lambda field, value: value is True)
    self._other = other

  def change(self, value: Any) -> Change:
    flag = value is not None and values.flag(self.key, value)
    return lambda text: self._write(text, flag)

  def place(self, text: JSONText) -> Path:
    return (when.interval_field(text) or "interval", self.key)

  def _write(self, text: JSONText, value: bool) -> None:
    field = when.interval_field(text)
    if field is None:
      if value:
        raise InvalidSchedule(self.key, "belongs to an interval, and the schedule is none")
    elif value:
      text.set((field, self.key), "true")
      text.remove((field, self._other))
    else:
      text.remove((field, self.key))


class ZoneField(Field[Optional[str], Optional[Zone]]):
  """The zone, which a crontab may have within itself."""

  def __init__(self) -> None:
    super().__init__(values.zone)

  def place(self, text: JSONText) -> Path:
    return ("crontab", self.key) if text.has("crontab", self.key) else (self.key,)

  def _remove(self, text: JSONText) -> None:
    text.remove((self.key,))
    text.remove(("crontab", self.key))


class WhenField(Field[Any, when.When]):
  """The schedule, whichever field holds it."""

  def __init__(self) -> None:
    super().__init__(lambda field, value: value)

  @overload
  def __get__(self, record: None, owner: type) -> WhenField: ...
  @overload
  def __get__(self, record: Record, owner: type) -> Any: ...

  def __get__(self, record: Optional[Record], owner: type) -> Any:
    return self if record is None else record.lend("when", when.read(record.text))

  def change(self, value: Any) -> Change:
    if value is None:
      raise InvalidSchedule("when", "a document has a schedule: set enabled to False to switch it off")
    schedule = when.written(value)
    return lambda text: when.write(schedule, text)


class Fields(TypedDict, total=False):
  """What `put` takes beside name, task and schedule. None counts as not given.

  Dates are `datetime`s with a zone; lengths of time are seconds or a `timedelta`.
  """

  #: Positional arguments, as a list. They reach the worker as this JSON.
  args: Optional[List[Any]]
  #: Named arguments.
  kwargs: Optional[Mapping[str, Any]]
  #: False: the schedule rests. Default True.
  enabled: Optional[bool]
  #: A name for people, the document's field `name`. Default the schedule's name.
  label: Optional[str]
  #: The zone of a crontab, of `relative` and `align`. Default the application's, or else the daemon's.
  timezone: Optional[Zone]
  #: Intervals end on the minute, the hour or midnight, as Celery's relative ones.
  relative: Optional[bool]
  #: Intervals lie on the multiples of their length on the clock: :00, :15, :30, :45.
  align: Optional[bool]
  #: The queue; 255 bytes at most. Default the daemon's.
  queue: Optional[str]
  #: An exchange, which counts together with `routing_key`.
  exchange: Optional[str]
  #: `direct` or `topic`.
  exchange_type: Optional[str]
  routing_key: Optional[str]
  #: 0 to 9 on Redis, where 0 is served first.
  priority: Optional[int]
  #: The message is void so long after it was sent, or from this date on.
  expires: Union[Seconds, datetime.datetime, None]
  #: The worker kills the task after this long.
  time_limit: Optional[Seconds]
  #: The worker tells the task to end after this long.
  soft_time_limit: Optional[Seconds]
  #: Headers of the message.
  headers: Optional[Mapping[str, Any]]
  ignore_result: Optional[bool]
  #: 1 or `transient`, 2 or `persistent`.
  delivery_mode: Union[int, str, None]
  #: What workers' logs and monitors show in the place of the task's name.
  shadow: Optional[str]
  argsrepr: Optional[str]
  kwargsrepr: Optional[str]
  #: Runs once as soon as the daemon hears it, and is then written back as False.
  run_immediately: Optional[bool]
  #: Nothing is due before it.
  start_after: Optional[datetime.datetime]
  #: Nothing is due at it or after it.
  expires_at: Optional[datetime.datetime]
  #: Finished after so many runs; 0 is no limit.
  max_run_count: Optional[int]
  #: Finished after one run.
  one_off: Optional[bool]
  #: Each run is sent up to this much later, evenly spread. Shorter than an interval.
  jitter: Optional[Seconds]
  #: What becomes of missed runs: `latest` (the default: one), `none` or `all`.
  catchup: Optional[str]
  #: Runs that were missed longer ago are left out.
  catchup_window: Optional[Seconds]
  #: Fields of your own. The daemon keeps them and does not read them.
  extra: Optional[Mapping[str, Any]]


_SENDING: Final = "a run is sent when it is due: let the schedule say when, or use start_after or jitter"
_ONE_TASK: Final = "a schedule sends one task: let that task call the others"
_OWN_ID: Final = "each run has an id of its own, which follows from its schedule and due time"
_GROUP: Final = "a run belongs to no group: let a task call the group"
_JSON: Final = "messages are JSON in UTF-8, uncompressed"
#: Options of `apply_async` that change when or what runs, and cannot be honoured: with the reason.
REFUSED: Final[Dict[str, str]] = {
  "countdown": _SENDING, "eta": _SENDING, "link": _ONE_TASK, "link_error": _ONE_TASK, "chain": _ONE_TASK,
  "chord": _ONE_TASK, "callbacks": _ONE_TASK, "errbacks": _ONE_TASK, "task_id": _OWN_ID, "correlation_id": _OWN_ID,
  "group_id": _GROUP, "group_index": _GROUP,
  "retries": "a run is a first attempt: say in the task how often it may be retried",
  "reply_to": "nobody waits for the result of a run: let the task send it",
  "stamped_headers": "runs are not stamped: write what workers shall see as headers",
  "content_type": _JSON, "content_encoding": _JSON,
}
#: Those that are refused as fields of the top level, too: no document has them for another reason.
REFUSED_ANYWHERE: Final = ("countdown", "eta", "link", "link_error", "chain", "chord")
