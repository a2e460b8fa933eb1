"""What the daemon's own program says of schedules: their next runs, their states, and what is wrong with a document.
No due time and no rule of a document is computed here."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
from typing import Any, Dict, Final, List, Mapping, Optional, Tuple

from . import binary, values
from .errors import InvalidSchedule, NotFound, ReactiveBeatError, Rejected
from .settings import Settings
from .steps import Program, Steps
from .values import count as checked
from .values import parse_time

_MOST: Final = 1000
_DONE, _FOUND, _DATA, _MISSING = 0, 1, 65, 66


@dataclasses.dataclass(frozen=True)
class State:
  """A schedule, and what becomes of it: a row of `beat-watch list`."""

  name: str
  #: `enabled`, `disabled`, `finished` (it does not run any more), or `rejected` (it is set aside).
  state: str
  #: Why it is finished or rejected; else empty.
  reason: str
  #: When it is due next, in UTC. A time that has passed was missed, and is made up for. None: it will not run.
  next: Optional[datetime.datetime]
  #: The schedule in words, such as `every 2 seconds`; empty if the document is rejected.
  schedule: str
  #: The task's name, and the document's field `name`; empty where the document has none.
  task: str
  label: str
  last_run_at: Optional[datetime.datetime]
  total_run_count: int


def next_runs(settings: Settings, name: str, count: int) -> Steps[List[datetime.datetime]]:
  """The due times, in UTC. Raises Rejected, NotFound, and ReactiveBeatError."""
  if not 1 <= checked("count", count) <= _MOST:
    raise ValueError(f"count: {count} is not in 1 to {_MOST}")
  status, told, errors = yield from _ask(settings, "next", "--json", "--count", str(count), f"--name={name}")
  if status == _MISSING:
    raise NotFound(name)
  try:
    if status == _DATA:
      reason = str(told["error"])
      raise Rejected(name, reason[len(name) + 2:] if reason.startswith(f"{name}: ") else reason)
    if status == _DONE:
      return [parse_time(due) for due in told["next"]]
  except (ValueError, KeyError, TypeError):
    pass
  raise _failed("next", status, errors)


def states(settings: Settings, pattern: str) -> Steps[List[State]]:
  """Raises ReactiveBeatError."""
  status, told, errors = yield from _ask(
    settings, "list", "--json", *(() if pattern == "*" else ("--", values.pattern(pattern))))
  if status == _MISSING:
    return []
  try:
    if status == _DONE:
      return [_state(row) for row in told]
  except (ValueError, KeyError, TypeError, AttributeError):
    pass
  raise _failed("list", status, errors)


def check(settings: Settings, data: bytes) -> Steps[None]:
  """Raises InvalidSchedule with the first error that the daemon would find, and ReactiveBeatError."""
  status, told, errors = yield from _ask(settings, "lint", "--json", "-", stdin=data)
  try:
    if status == _DONE:
      return
    if status == _FOUND:
      error = next(remark for remark in told if remark["level"] == "error")
      raise InvalidSchedule(str(error["field"]), str(error["message"]))
  except (StopIteration, KeyError, TypeError):
    pass
  raise _failed("lint", status, errors)


def errors(settings: Settings, documents: Mapping[str, bytes]) -> Steps[Dict[str, str]]:
  """The first error that the daemon would find in each document, with its field, by the keys of `documents`. Those in
  order are left out. No document may have a line break. Raises ReactiveBeatError."""
  keys = list(documents)
  found: Dict[str, str] = {}
  if not keys:
    return found
  status, told, said = yield from _ask(settings, "lint", "--json", "-", stdin=b"\n".join(documents.values()) + b"\n")
  try:
    if status in (_DONE, _FOUND):
      for remark in told:
        if remark["level"] == "error":
          field, value = remark["field"], remark["found"]
          place = " ".join(str(part) for part in (field, value) if part)
          found.setdefault(keys[remark["line"] - 1], f"{place}: {remark['message']}" if place else remark["message"])
      return found
  except (LookupError, TypeError):
    pass
  raise _failed("lint", status, said)


def _ask(settings: Settings, *arguments: str, stdin: bytes = b"") -> Steps[Tuple[int, Any, bytes]]:
  """The exit status, what was printed as JSON, or None, and standard error."""
  if any("\0" in argument for argument in arguments):
    raise ReactiveBeatError("this is computed by beat-watch, and no program can be given a name with a NUL character")
  try:
    program = os.environ.get("BEAT_WATCH_PROGRAM") or binary.program()
  except binary.ProgramMissing as error:
    raise binary.ProgramMissing(f"this is computed by beat-watch: {error}") from None
  status, output, errors = yield Program(
    (program, *arguments), dict(binary.environment(), **settings.environment()), stdin)
  try:
    return status, json.loads(output), errors
  except (ValueError, RecursionError):
    return status, None, errors


def _state(row: Any) -> State:
  return State(
    name=str(row["name"]), state=str(row["state"]), reason=row["reason"] or "", next=_time(row["next"]),
    schedule=row["schedule"] or "", task=row["task"] or "", label=row["label"] or "",
    last_run_at=_time(row["last_run"]), total_run_count=int(row["total_run_count"]))


def _time(text: Optional[str]) -> Optional[datetime.datetime]:
  return parse_time(text) if text else None


def _failed(command: str, status: int, errors: bytes) -> ReactiveBeatError:
  text = errors.decode(errors="replace").strip()
  return ReactiveBeatError(text or f"beat-watch {command} has ended with status {status}, and has said nothing")
