"""Who says what of a schedule that stands in the application's code: the code now, the code when it was last published,
and the document, which people may have changed. Nothing here speaks with Redis.

The three are compared part by part. What only the code has changed, is changed in the document. What only people have
changed is told, and stays, or is set back. Where both have, it is a conflict, and treated alike.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Callable, Dict, Final, Iterable, List, Mapping, Optional, Tuple

from . import documents, when
from .errors import InvalidSchedule
from .jsontext import JSONText

#: A document's fields with their values as JSON. Equal values have equal texts.
Fields = Dict[str, str]

#: What the daemon writes itself, and a wish that it takes out when it is granted.
_BOOKKEEPING: Final = (*documents.BOOKKEEPING, "run_immediately")
#: Fields that mean something only together: they are taken over, or left, as one.
_TOGETHER: Final = {
  **dict.fromkeys(when.FIELDS, "schedule"),
  **dict.fromkeys(("queue", "exchange", "exchange_type", "routing_key"), "destination")}
#: Fields whose values may be secret.
_SILENT: Final = frozenset(("args", "kwargs", "headers", "argsrepr", "kwargsrepr", "options"))
_SECONDS: Final = {"microseconds": 1e-6, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "weeks": 604800}
_KNOWN: Final = frozenset((*documents.FIELDS, *when.FIELDS, "name", "task", "enabled", "options"))


@dataclasses.dataclass(frozen=True)
class Said:
  """What the code says of one schedule, as documents say it."""

  fields: Mapping[str, Any]
  #: Gives the same with all that the application says of the task, as `beat-watch import --celery-app` writes it.
  imported: Callable[[], Mapping[str, Any]] = dict


@dataclasses.dataclass(frozen=True)
class Owner:
  """Whose a schedule is, and what its code said when it was published."""

  #: The application's name.
  application: str
  base: Fields

  def changed(self, document: documents.Record) -> List[str]:
    """What people have changed by hand in it: the fields that differ from the code as it was published, such as
    `["enabled", "schedule"]`. A field of the users' own is no change."""
    return _differing(self.base, _read(document.text))

  @classmethod
  def read(cls, data: bytes) -> Optional[Owner]:
    """None for what is no such record."""
    try:
      found = json.loads(data)
      if isinstance(found, dict) and isinstance(found["base"], dict) and isinstance(found["application"], str):
        return cls(found["application"], _fields(found["base"]))
    except (ValueError, KeyError, RecursionError):
      pass
    return None


def record(application: str, said: Said) -> bytes:
  return json.dumps({"application": application, "base": dict(said.fields)}, sort_keys=True).encode()


@dataclasses.dataclass(frozen=True)
class Outcome:
  """What is to stand in Redis, and what is to be said of it."""

  #: The document; None: there is none.
  document: Optional[bytes]
  #: The owner's record; None: there is none.
  owner: Optional[bytes]
  #: What changes, one line each.
  changes: Tuple[str, ...] = ()
  #: What people have changed, and what became of it.
  conflicts: Tuple[str, ...] = ()


def settled(
    said: Said, application: str, document: Optional[bytes], owner: Optional[bytes], resets: bool,
    takes_over: bool) -> Outcome:
  """What becomes of a schedule that the code has.

  - document, owner: what stands in Redis.
  - resets: whether what people have changed is set back.
  - takes_over: whether other applications' schedules may be taken.
  """
  mine = record(application, said)
  known = Owner.read(owner) if owner is not None else None
  if known is not None and known.application != application:
    if not takes_over:
      return Outcome(document, owner, (), (
        f"is a schedule of the application {known.application}, and stays as it is: give one of the two another name; "
        "--replace takes it over",))
    known = Owner(application, known.base)
  if document is None:
    if known is None:
      return Outcome(_new(said), mine, (f"new: {_shown(_fields(said.fields), 'schedule')}",))
    if resets:
      return Outcome(_new(said), mine, ("made again: it was deleted by hand",))
    return Outcome(None, mine, (), ("was deleted by hand, and stays so; --conflicts reset makes it again",))
  try:
    text = JSONText(documents.decode(document))
  except InvalidSchedule as error:
    if resets:
      return Outcome(_new(said), mine, ("set back: what stood there was no readable document",))
    return Outcome(document, owner, (), (f"stays as it is: {error}; --conflicts reset gives it what the code says",))
  code, found = _fields(said.fields), _read(text)
  base = known.base if known is not None else _adopted(code, said, found)
  if base is None:
    if not resets:
      return Outcome(document, owner, (), (
        "stands there already, not from the code, and stays as it is: it differs in "
        f"{', '.join(_meaning_more(said, code, found))}; --conflicts reset gives it what the code says",))
    base = {}
  changes, conflicts = _merge(text, said, code, base, found, resets)
  data = documents.encode(text)
  return Outcome(data, mine, tuple(changes), tuple(conflicts))


def removed(document: Optional[bytes], owner: bytes, resets: bool) -> Outcome:
  """What becomes of a schedule that the code has no longer."""
  if document is None:
    return Outcome(None, None)
  known = Owner.read(owner)
  try:
    found = _read(JSONText(documents.decode(document)))
  except InvalidSchedule:
    found = {}
  base = known.base if known is not None else {}
  differing = _differing(base, found)
  if differing and not resets:
    return Outcome(document, None, (), (
      f"is no longer in the code, and stays, since it was changed by hand ({', '.join(differing)}): nobody's code has "
      "it now, and beat-watch rm deletes it",))
  return Outcome(None, None, ("removed: it is no longer in the code",))


def _merge(
    text: JSONText, said: Said, code: Fields, base: Fields, found: Fields, resets: bool
) -> Tuple[List[str], List[str]]:
  changes: List[str] = []
  kept: List[str] = []
  for part in _parts(code, base, found):
    wanted, before, stands = _of(part, code), _of(part, base), _of(part, found)
    if stands == wanted:
      continue
    if stands == before or resets:
      verb = "" if stands == before else " (set back)"
      old, new = _shown(found, part), _shown(code, part)
      changes.append((f"{old} -> {new}" if old != new else f"{old}: another value, which is not shown") + verb)
      _put(text, stands, wanted)
    else:
      kept.append(part)
  if kept:  # An import that is made again, for example, writes down what goes without saying. That is no change.
    differing = _meaning_more(said, code, found)
    kept = [_kept(_shown(found, part), _shown(code, part)) for part in kept if part in differing]
  return changes, [
    f"was changed by hand, and stays so: {', '.join(kept)}; --conflicts reset sets it back"] if kept else []


def _kept(stands: str, code: str) -> str:
  return f"{stands} (the code: {code if stands != code else 'another value, which is not shown'})"


def _put(text: JSONText, stands: Fields, wanted: Fields) -> None:
  # A crontab takes the place of an interval, for example, where that stood.
  gone, new = [field for field in stands if field not in wanted], [field for field in wanted if field not in stands]
  for field in wanted:
    if field in stands:
      text.set((field,), wanted[field])
  for old, field in zip(gone, new):
    text.replace(old, field, wanted[field])
  for field in new[len(gone):]:
    text.set((field,), wanted[field])
  for old in gone[len(new):]:
    text.remove((old,))


def _adopted(code: Fields, said: Said, found: Fields) -> Optional[Fields]:
  """What a document without an owner is taken to be made from: itself, if it says what the code says. An import has
  written it, for example."""
  return found if code == found or not _meaning_more(said, code, found) else None


def _meaning_more(said: Said, code: Fields, found: Fields) -> List[str]:
  """The parts of a document that mean something else than the code. It may say in addition what goes without saying, and
  what the application says of the task."""
  parts = [part for part in _parts(code, found) if _of(part, code) != _of(part, found)]
  if not parts:
    return []
  code, found, imported = _telling(code), _telling(found), _telling(_fields(said.imported()))
  return [part for part in parts if _of(part, found) not in (_of(part, code), _of(part, imported))]


def _telling(fields: Fields) -> Fields:
  """The fields without those that mean nothing."""
  told = {field: value for field, value in fields.items() if value not in ("[]", "{}", '""')}
  for field in ("interval", "crontab"):
    if field in told:
      told[field] = _retold(told[field], _measured)
  if "headers" in told:
    def without_name(headers: Any) -> Any:
      # django-celery-beat adds the schedule's name to each message.
      if isinstance(headers, dict) and _canonical(headers.get("periodic_task_name")) == fields.get("name", '""'):
        return {key: value for key, value in headers.items() if key != "periodic_task_name"}
      return headers

    told["headers"] = _retold(told["headers"], without_name)
    if told["headers"] == "{}":
      del told["headers"]
  return told


def _retold(value: str, change: Callable[[Any], Any]) -> str:
  """A field's JSON, changed; as it is where it says what no field of a schedule can."""
  try:
    return _canonical(change(json.loads(value)))
  except (ValueError, TypeError, OverflowError, RecursionError):
    return value


def _measured(schedule: Any) -> Any:
  """An interval or a crontab of which equal ones are written alike, for comparisons."""
  if not isinstance(schedule, dict):
    return schedule
  every, seconds = schedule.get("every"), _SECONDS.get(schedule.get("period", ""))
  if seconds and isinstance(every, (int, float)):
    return dict(schedule, every=every * seconds / 1.0, period="seconds")
  return {field: str(value) for field, value in schedule.items() if value != "*"}


def _parts(*all_fields: Fields) -> List[str]:
  """The parts of a document that these have, without fields of the users' own."""
  names = [_TOGETHER.get(field, field) for fields in all_fields for field in fields]
  return list(dict.fromkeys(names))


def _differing(base: Fields, found: Fields) -> List[str]:
  return [part for part in _parts(base, found) if _of(part, base) != _of(part, found)]


def _of(part: str, fields: Fields) -> Fields:
  return {field: value for field, value in fields.items() if _TOGETHER.get(field, field) == part}


def _shown(fields: Fields, part: str) -> str:
  values = _of(part, fields)
  if not values:
    return f"no {part}"
  return ", ".join(field if field in _SILENT else f"{field} {value}" for field, value in values.items())


def _fields(values: Mapping[str, Any]) -> Fields:
  return {field: _canonical(value) for field, value in values.items() if value is not None}


def _canonical(value: Any) -> str:
  return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _read(text: JSONText) -> Fields:
  """The fields of a document that count: neither the daemon's own, nor those that it does not know."""
  found: Fields = {}
  for field in text.keys:
    if field in _KNOWN and field not in _BOOKKEEPING and text.has(field):
      try:
        found[field] = _canonical(text.value(field))
      except (InvalidSchedule, RecursionError):
        found[field] = str(text.raw(field))
  return found


def _new(said: Said) -> bytes:
  return json.dumps(said.fields, ensure_ascii=False).encode("utf-8", "surrogateescape")


def names(lines: Iterable[str], entry: str) -> List[str]:
  """The lines with the schedule's name."""
  return [f"schedule {entry}: {line}" for line in lines]
