"""Python's values as JSON of a document, and back. Each wrong one raises InvalidSchedule, with its field."""

from __future__ import annotations

import datetime
import json
import math
import re
import zoneinfo
from typing import Any, Callable, Final, List, Mapping, Optional, Sequence, Union

from .errors import InvalidSchedule
from .keys import LONGEST_NAME

Seconds = Union[int, float, datetime.timedelta]
Zone = Union[str, datetime.tzinfo]

#: The longest queue, exchange or routing key, in bytes: AMQP's.
LONGEST_QUEUE: Final = 255
#: The longest text of any other field, in bytes.
LONGEST_TEXT: Final = 8_192
#: The longest patience, in seconds. Any more is the same.
_LIFE: Final = 3_000_000_000

_UTC: Final = datetime.timezone.utc
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=_UTC)
_ISO: Final = re.compile(
  r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)


def dumps(field: str, value: Any) -> str:
  """JSON as Celery writes it: beyond plain JSON, what kombu knows (datetime, UUID, Decimal), if kombu is there."""
  try:
    try:
      text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except TypeError:
      encode = _kombus_dumps()
      if encode is None:
        raise
      text = encode(value, ensure_ascii=False, allow_nan=False)
    text.encode()
    return text
  except (TypeError, ValueError, RecursionError) as error:
    raise InvalidSchedule(field, f"JSON cannot hold it: {error}") from None


def _kombus_dumps() -> Optional[Callable[..., str]]:
  try:
    from kombu.utils import json as kombu
  except ImportError:
    return None
  encode: Callable[..., str] = kombu.dumps
  return encode


def text(field: str, value: Any, longest: int = LONGEST_TEXT) -> str:
  if not isinstance(value, str):
    raise _wrong(field, value, "expected a text")
  if not value:
    raise InvalidSchedule(field, "is empty")
  try:
    length = len(value.encode())
  except UnicodeEncodeError:
    raise InvalidSchedule(field, "holds half of a surrogate pair, which is no text") from None
  if length > longest:
    raise InvalidSchedule(field, f"has {length} bytes, and at most {longest} are allowed")
  return value


def name(value: Any, field: str = "name") -> str:
  """A schedule's name, by which its key ends. It may be any text, and with surrogates any bytes."""
  if not isinstance(value, str):
    raise _wrong(field, value, "expected a text")
  if not value:
    raise InvalidSchedule(field, "is empty")
  try:
    length = len(value.encode("utf-8", "surrogateescape"))
  except UnicodeEncodeError:
    raise InvalidSchedule(field, "holds half of a surrogate pair, which is no text") from None
  if length > LONGEST_NAME:
    raise InvalidSchedule(field, f"has {length} bytes, and at most {LONGEST_NAME} are allowed")
  return value


def pattern(value: Any) -> str:
  """A glob of Redis for names."""
  if not isinstance(value, str):
    raise _wrong("pattern", value, "expected a text")
  try:
    value.encode("utf-8", "surrogateescape")
  except UnicodeEncodeError:
    raise InvalidSchedule("pattern", "holds half of a surrogate pair, which is no text") from None
  return value


def queue(field: str, value: Any) -> str:
  return text(field, value, LONGEST_QUEUE)


def flag(field: str, value: Any) -> bool:
  if not isinstance(value, bool):
    raise _wrong(field, value, "expected True or False")
  return value


def count(field: str, value: Any) -> int:
  if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
    raise _wrong(field, value, "expected a whole number, 0 or more")
  return int(value)


def priority(field: str, value: Any) -> int:
  if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 255:
    raise _wrong(field, value, "expected a whole number; other brokers have up to 255")
  return int(value)


def delivery_mode(field: str, value: Any) -> Union[int, str]:
  if isinstance(value, bool) or value not in (1, 2, "transient", "persistent"):
    raise _wrong(field, value, 'expected 1 or "transient", 2 or "persistent"')
  return str(value) if isinstance(value, str) else int(value)


def choice(field: str, value: Any, choices: Sequence[str]) -> str:
  if value not in choices:
    raise _wrong(field, value, "expected " + " or ".join(f'"{one}"' for one in choices))
  return str(value)


def seconds(field: str, value: Any) -> Union[int, float]:
  if isinstance(value, datetime.timedelta):
    value = value.total_seconds()
  if isinstance(value, bool) or not isinstance(value, (int, float)) or not is_finite(value) or value < 0:
    raise _wrong(field, value, "expected seconds, 0 or more, or a timedelta")
  return int(value) if value == int(value) else value


def is_finite(value: Union[int, float]) -> bool:
  """Whether it is a number that a double can hold."""
  try:
    return math.isfinite(value)
  except OverflowError:
    return False


def patience(field: str, value: Any) -> Union[int, float]:
  """Seconds for which something is waited for: none where the time is over, and no more than a life."""
  if isinstance(value, datetime.timedelta):
    value = value.total_seconds()
  if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
    raise _wrong(field, value, "expected seconds, or a timedelta")
  return max(0, min(value, _LIFE))


def date(field: str, value: Any) -> str:
  """An instant in ISO 8601, UTC."""
  if not isinstance(value, datetime.datetime):
    raise _wrong(field, value, "expected a datetime with a zone")
  if value.utcoffset() is None:
    raise InvalidSchedule(
      field, f"{value.isoformat()} has no zone, and could mean any: give tzinfo, such as datetime.timezone.utc")
  try:
    utc: datetime.datetime = value.astimezone(_UTC)
    return utc.replace(tzinfo=None).isoformat() + "Z"
  except OverflowError:
    raise InvalidSchedule(field, f"{value.isoformat()} is out of range in UTC") from None


def expiry(field: str, value: Any) -> Union[int, float, str]:
  """Seconds after sending, or a date."""
  return date(field, value) if isinstance(value, datetime.datetime) else seconds(field, value)


def zone(field: str, value: Any) -> str:
  """The IANA name of a zone: as text, of `zoneinfo` or pytz, or `datetime.timezone.utc`."""
  if isinstance(value, datetime.tzinfo):
    found = getattr(value, "key", None) or getattr(value, "zone", None)
    if not found and value == _UTC:
      found = "UTC"
    if not found:
      raise InvalidSchedule(field, f"{value!r} has no name: give one such as Europe/Berlin")
    value = str(found)
  named = text(field, value)
  try:
    zoneinfo.ZoneInfo(named)
  except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
    # A system without the package tzdata knows no zone at all. Then the daemon judges.
    if zoneinfo.available_timezones():
      raise InvalidSchedule(
        field, f'"{named}" is no time zone of this system: expected one such as Europe/Berlin') from None
  return named


def items(field: str, value: Any) -> List[Any]:
  """Positional arguments."""
  if not isinstance(value, (list, tuple)):
    raise _wrong(field, value, "expected a list such as [2, 3]")
  return list(value)


def members(field: str, value: Any) -> Mapping[str, Any]:
  if not isinstance(value, Mapping):
    raise _wrong(field, value, 'expected a mapping such as {"x": 2}')
  for key in value:
    if not isinstance(key, str):
      raise InvalidSchedule(field, f"the name {key!r} is no text")
  return dict(value)


def instant(field: str, value: Any) -> Optional[datetime.datetime]:
  """A date of a document, in any of the forms that the daemon reads; None for null."""
  try:
    return None if value is None else _instant(value)
  except (ValueError, TypeError, KeyError, OverflowError):
    raise InvalidSchedule(field, f"is no date: {shown(value)}") from None


def parse_time(value: str) -> datetime.datetime:
  """ISO 8601; UTC if it has no offset. Raises ValueError."""
  found = _ISO.fullmatch(value.strip())
  if found is None:
    raise ValueError(value)
  year, month, day, hour, minute, second, fraction, offset = found.groups()
  moment = datetime.datetime(
    int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
    int((fraction or "0").ljust(6, "0")[:6]), tzinfo=_UTC)
  if offset and offset.upper() != "Z":
    digits = offset[1:].replace(":", "")
    distance = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    moment += distance if offset[0] == "-" else -distance
  return moment


def from_microseconds(value: int) -> datetime.datetime:
  """An instant that is counted in microseconds since 1970."""
  return _EPOCH + datetime.timedelta(microseconds=value)


def _instant(value: Any) -> datetime.datetime:
  if isinstance(value, str):
    return parse_time(value)
  if isinstance(value, Mapping):
    if "$date" in value:
      inner = value["$date"]
      if isinstance(inner, Mapping):
        inner = int(inner["$numberLong"])
      return parse_time(inner) if isinstance(inner, str) else from_microseconds(round(inner * 1000))
    fields = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    year, month, day, hour, minute, second, micro = (int(value.get(field, 0)) for field in fields)
    moment = datetime.datetime(year, month, day, hour, minute, second, micro)
    given = value.get("timezone")
    if isinstance(given, str):
      return moment.replace(tzinfo=zoneinfo.ZoneInfo(given)).astimezone(_UTC)
    offset = datetime.timedelta(seconds=given or 0)
    return moment.replace(tzinfo=_UTC) - offset
  if isinstance(value, bool):
    raise ValueError(value)
  return from_microseconds(round(value * 1_000_000))


def _wrong(field: str, value: Any, expected: str) -> InvalidSchedule:
  return InvalidSchedule(field, f"{expected}, found {shown(value)}")


def shown(value: Any) -> str:
  """A value for people, in 60 characters at most."""
  try:
    shown = repr(value)
  except (ValueError, RecursionError):  # Python shows no number of thousands of digits, and no deep nesting.
    shown = f"a {type(value).__name__}"
  return shown if len(shown) <= 60 else shown[:59] + "…"
