"""The next runs of a schedule, asked of the daemon's own program: no due time is computed here."""

from __future__ import annotations

import datetime
import json
import os
from typing import Dict, List

from . import binary
from .errors import NotFound, ReactiveBeatError, Rejected
from .settings import Settings
from .values import count as checked
from .values import parse_time

#: Seconds for which the program may run.
PATIENCE = 30.0
_MOST = 1000
_DATA, _MISSING = 65, 66


def arguments(name: str, count: int) -> List[str]:
  """The command. Raises ReactiveBeatError if there is no program."""
  if not 1 <= checked("count", count) <= _MOST:
    raise ValueError(f"count: {count} is not in 1 to {_MOST}")
  return [_program(), "next", "--json", "--count", str(count), f"--name={name}"]


def environment(settings: Settings) -> Dict[str, str]:
  return dict(binary.environment(), **settings.environment())


def answer(name: str, status: int, output: bytes, errors: bytes) -> List[datetime.datetime]:
  """The due times, in UTC. Raises Rejected, NotFound, and ReactiveBeatError."""
  if status == _MISSING:
    raise NotFound(name)
  try:
    told = json.loads(output)
    if status == _DATA:
      reason = str(told["error"])
      raise Rejected(name, reason[len(name) + 2:] if reason.startswith(f"{name}: ") else reason)
    if status == 0:
      return [parse_time(due) for due in told["next"]]
  except (ValueError, KeyError, TypeError):
    pass
  text = errors.decode(errors="replace").strip()
  raise ReactiveBeatError(text or f"beat-watch next has ended with status {status}, and has said nothing")


def _program() -> str:
  try:
    return os.environ.get("BEAT_WATCH_PROGRAM") or binary.program()
  except binary.ProgramMissing as error:
    raise ReactiveBeatError(f"the next runs are computed by beat-watch: {error}") from None
