"""When a schedule is due: Celery's and Python's objects as the field of a document, and back."""

from __future__ import annotations

import datetime
from typing import Any, Dict, Final, List, Mapping, NamedTuple, Optional, Union

from . import crontab, values
from .errors import InvalidSchedule
from .jsontext import JSONText

#: Seconds, a `timedelta`, Celery's `schedule` or `crontab`, a line of cron (`"30 2 * * mon-fri"`: minute, hour, day of
#: month, month, day of week), a mapping of crontab fields, or for one run a `datetime` with a zone.
When = Union[int, float, datetime.timedelta, datetime.datetime, str, Mapping[str, Any], Any]

#: The fields of a document that hold its schedule. It has exactly one of them. `schedule` is an interval or a crontab.
FIELDS: Final = ("interval", "crontab", "clocked", "schedule")

_CRONTAB: Final = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
_CRONTAB_ALL: Final = tuple(crontab.RANGES)
_CRON: Final = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
_PERIODS: Final = {
  "weeks": 604_800_000_000, "days": 86_400_000_000, "hours": 3_600_000_000, "minutes": 60_000_000,
  "seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}
#: Microseconds. The daemon may have a longer one (--shortest-interval).
_SHORTEST: Final = 10_000
_LONGEST: Final = 36_525 * 86_400_000_000


class Written(NamedTuple):
  """A schedule as a document has it."""

  field: str
  members: Dict[str, Any]

  @property
  def follows_clock(self) -> bool:
    """Whether the zone matters."""
    return self.field == "crontab" or bool(self.members.get("relative") or self.members.get("align"))


def written(when: When) -> Written:
  """Raises InvalidSchedule for what is no schedule, or one that never or always comes."""
  if isinstance(when, datetime.datetime):
    return Written("clocked", {"clocked_time": values.date("clocked.clocked_time", when)})
  if isinstance(when, datetime.timedelta):
    return Written("interval", _interval(when // datetime.timedelta(microseconds=1), str(when)))
  if isinstance(when, (int, float)) and not isinstance(when, bool):
    if not values.is_finite(when):
      raise InvalidSchedule("interval.every", f"{values.shown(when)} is not a number of seconds; use a positive one")
    return Written("interval", _interval(round(when * 1_000_000), f"{when} seconds"))
  if isinstance(when, str):
    return _line(when)
  if isinstance(when, Mapping):
    return Written("crontab", _checked(dict(when)))
  return _celery(when)


def read(text: JSONText) -> Union[datetime.timedelta, datetime.datetime, Dict[str, Any], None]:
  """The schedule of a document; None if it has none that is understood here.

  Raises InvalidSchedule for a date that is none, and an interval that Python cannot hold.
  """
  field = next((field for field in FIELDS if text.has(field)), None)
  held = text.value(field) if field is not None else None
  if field is None or not isinstance(held, dict):
    return None
  if field == "clocked":
    return values.instant("clocked.clocked_time", held.get("clocked_time"))
  if field == "crontab" or "every" not in held:
    return {name: value for name, value in held.items() if name in _CRONTAB_ALL and value is not None}
  every, period = held["every"], str(held.get("period", "seconds")).lower()
  unit = _PERIODS.get(period) or _PERIODS.get(period + "s")
  if unit is None or isinstance(every, bool) or not isinstance(every, (int, float)):
    return None
  try:
    return datetime.timedelta(microseconds=round(every * unit))
  except (OverflowError, ValueError):
    raise InvalidSchedule(
      f"{field}.every", f"{str(every)[:60]} {period} is no interval; the longest is 100 years") from None


def write(schedule: Written, text: JSONText) -> None:
  """Writes it where the document's schedule stands. What its object says besides stays if the kind is the same."""
  present = [field for field in FIELDS if text.has(field)]
  new = values.dumps(schedule.field, schedule.members)
  if len(present) == 1 and _holds(present[0], schedule.field, text):
    known = ("every", "period", "relative", "align") if schedule.field == "interval" else _CRONTAB_ALL
    for name in known:
      if schedule.field != "clocked" and name not in schedule.members:
        text.remove((present[0], name))
    for name, value in schedule.members.items():
      text.set((present[0], name), values.dumps(schedule.field, value))
    return
  for field in FIELDS:
    if not present or field != present[0]:
      text.remove((field,))
  if present:
    text.replace(present[0], schedule.field, new)
  else:
    text.set((schedule.field,), new)


def interval_field(text: JSONText) -> Optional[str]:
  """The field that holds an interval."""
  return next((field for field in FIELDS if text.has(field, "every")), None)


def _holds(field: str, kind: str, text: JSONText) -> bool:
  if not (text.raw(field) or "").startswith("{"):
    return False
  if field == "schedule":
    return kind == ("interval" if text.has(field, "every") else "crontab")
  return field == kind


def _interval(microseconds: int, shown: str) -> Dict[str, Any]:
  if microseconds <= 0:
    raise InvalidSchedule(
      "interval.every", f"{shown} is not positive, so it would run without a pause; use a number above zero")
  if microseconds < _SHORTEST:
    raise InvalidSchedule("interval.every", f"{shown} is too short; the shortest interval is 10 milliseconds")
  if microseconds > _LONGEST:
    raise InvalidSchedule(
      "interval.every", f"{shown} is over 100 years; to switch a schedule off, set enabled to False")
  # In days and less: an interval of weeks is as good as one of days.
  period, unit = next(
    (period, unit) for period, unit in _PERIODS.items() if period != "weeks" and microseconds % unit == 0)
  return {"every": microseconds // unit, "period": period}


def _line(line: str) -> Written:
  fields = line.split()
  if len(fields) != len(_CRON):
    raise InvalidSchedule(
      "crontab", f"{line[:60]!r} has {len(fields)} fields, and a line of cron has five: minute, hour, day of month, "
      "month, day of week")
  named = dict(zip(_CRON, fields))
  return Written("crontab", _checked({name: named[name] for name in _CRONTAB}))


def _checked(fields: Dict[str, Any]) -> Dict[str, Any]:
  unknown = next((name for name in fields if name not in _CRONTAB_ALL), None)
  if unknown is not None:
    raise InvalidSchedule(f"crontab.{unknown}", f"is not known; expected {', '.join(_CRONTAB_ALL)}")
  for name, value in fields.items():
    problem = crontab.problem(name, value)
    if problem is not None:
      raise InvalidSchedule(f"crontab.{name}", f"{str(value)[:60]!r}: {problem}")
  return fields


def _celery(when: Any) -> Written:
  """Celery's own schedules, told by their classes' names, so that Celery need not be loaded here."""
  kinds = [f"{kind.__module__}.{kind.__name__}" for kind in type(when).__mro__]
  if not any(kind.startswith("celery.schedules.") for kind in kinds):
    raise InvalidSchedule(
      "when", f"a {type(when).__name__} is no schedule: expected seconds, a timedelta, Celery's crontab or schedule, a "
      "line of cron, or a datetime with a zone")
  if "celery.schedules.solar" in kinds:
    raise InvalidSchedule("solar", "is not supported; write a crontab")
  known = kinds[0] in ("celery.schedules.crontab", "celery.schedules.schedule") or kinds[0].endswith(".TzAwareCrontab")
  if type(when).__name__ == "clocked" and isinstance(getattr(when, "clocked_time", None), datetime.datetime):
    return written(when.clocked_time)
  if not known:
    # A user's own subclass may compute anything.
    raise InvalidSchedule("when", f"{kinds[0]} is not known here; write it as interval or crontab")
  if kinds[0].startswith("celery.") and getattr(when, "nowfun", None) is not None:
    raise InvalidSchedule("when", "has a nowfun, which the daemon cannot ask: leave it out, and give timezone")
  if "celery.schedules.crontab" in kinds:
    return Written("crontab", {name: _crontab_field(when, name) for name in _CRONTAB})
  interval = _interval(when.run_every // datetime.timedelta(microseconds=1), str(when.run_every))
  if when.relative:
    interval["relative"] = True
  return Written("interval", interval)


def _crontab_field(schedule: Any, name: str) -> Union[int, str, List[int]]:
  """The field as it was written, or else the numbers that it stands for."""
  original = getattr(schedule, "_orig_" + name, None)
  if isinstance(original, (int, str)):
    return original
  return sorted(getattr(schedule, name))
