"""Runs of the past, and one by hand."""

from __future__ import annotations

import dataclasses
import datetime
import secrets
import time
from typing import Any, Final, List, Mapping, Optional

import redis

from . import keys, values
from .errors import NoDaemon, NotFound, Rejected
from .steps import Steps, command
from .store import Store

_PAGE: Final = 500
#: Seconds of one BLPOP: shorter than the patience for any answer.
_PIECE: Final = 4.0


@dataclasses.dataclass(frozen=True)
class Run:
  """A run in the history."""

  #: The schedule's name.
  name: str
  #: When its message was put on the queue, by Redis' clock.
  at: datetime.datetime
  #: The occurrence's nominal time.
  due: datetime.datetime
  #: From the due time on, the jitter included; milliseconds.
  late_ms: float
  #: `schedule`, `catch-up` (it had been missed), `immediate` (`run_immediately`), `queue` (its queue could not take it
  #: before), `manual` (somebody asked for it), or another word of a newer daemon.
  why: str
  #: The task's id.
  id: str


def history(store: Store, name: Optional[str], count: int, since: Optional[datetime.datetime]) -> Steps[List[Run]]:
  """The newest runs of one schedule, or of all, the oldest of them first."""
  values.count("count", count)
  oldest = "-" if since is None else str(max(0, _milliseconds(since)))
  newest, found = "+", []
  while True:
    page = yield from command("XREVRANGE", store.keys.history, newest, oldest, "COUNT", _PAGE)
    for place, fields in page:
      for run in reversed(_runs(fields or {})):
        if (name is None or run.name == name) and (since is None or run.at >= since):
          found.append(run)
      if len(found) >= count:
        break
    if len(page) < _PAGE or len(found) >= count:
      return found[:count][::-1]
    before = _place_before(page[-1][0].decode())
    if before is None:
      return found[::-1]
    newest = before


def fire(store: Store, name: str, timeout: float) -> Steps[str]:
  """Asks the daemon that fires for one run now, and waits for its answer: the task's id.

  Nothing is sent after the timeout, and nothing twice. Raises NotFound, Rejected, and NoDaemon. Where the connection is
  lost, and redis-py's error is raised, it may have been sent.
  """
  timeout = values.patience("timeout", timeout)
  if (yield from store.read(name)) is None:
    raise NotFound(name)
  request = secrets.token_hex(16)
  now, microseconds = yield from command("TIME")
  deadline = int(now) * 1_000_000 + int(microseconds) + round(timeout * 1_000_000)
  end = time.monotonic() + timeout
  answer: Optional[str] = None
  try:
    yield from command("HSET", store.keys.manual, request, b"%020d|" % deadline + store.field(name))
    while answer is None and (left := end - time.monotonic()) > 0:
      answer = yield from _answer(store, request, min(left, _PIECE))
  except GeneratorExit:
    raise
  except BaseException as error:
    # Nothing may run of which nobody is told.
    taken_back = yield from command("HDEL", store.keys.manual, request)
    if taken_back or not isinstance(error, (redis.ConnectionError, redis.TimeoutError)):
      raise
    # The connection was lost. A daemon may have taken the request before, and tells it in the same step.
    answer = yield from _answer(store, request, 1.0)
    if answer is None:
      raise
  if answer is not None:
    return (yield from _told(store, name, request, answer))
  if (yield from command("HDEL", store.keys.manual, request)):
    fires = yield from command("EXISTS", store.keys.lease)
    raise NoDaemon(
      f"{name} was not fired: no daemon answered within {timeout:g} s, and the request is taken back; "
      + ("the one that fires does not hear it, see its log" if fires else "none fires; start beat-watch"))
  # A daemon took it at the last moment, and stored its answer in the same step, unless it was too late for one.
  answer = yield from _answer(store, request, 1.0)
  if answer is None:
    raise NoDaemon(f"{name} was not fired: a daemon has taken the request after {timeout:g} s, which was too late")
  return (yield from _told(store, name, request, answer))


def _answer(store: Store, request: str, seconds: float) -> Steps[Optional[str]]:
  # 0 would be no timeout at all.
  reply = yield from command("BLPOP", store.keys.answer(request), max(0.001, round(seconds, 3)))
  return None if reply is None else reply[1].decode(errors="replace")


def _told(store: Store, name: str, request: str, answer: str) -> Steps[str]:
  word, _, rest = answer.partition(" ")
  if word != "fired":
    # A daemon that may not remove the request has left it, and another one may have taken it since.
    if not (yield from command("HDEL", store.keys.manual, request)):
      other = yield from _answer(store, request, 0.02)
      word, _, rest = (other or answer).partition(" ")
  if word != "fired":
    raise Rejected(name, rest)
  return rest


def _runs(fields: Mapping[bytes, bytes]) -> List[Run]:
  """The runs of one entry, the oldest first: one, or those that were sent together. Empty: no daemon has written it."""
  if list(fields)[:2] != [b"at", b"why"]:
    run = _run(fields)
    return [] if run is None else [run]
  found = []
  for watermark, name in list(fields.items())[2:]:
    due, _, rest = watermark.partition(b"|")
    try:
      late = int(fields[b"at"]) - int(due)
    except ValueError:
      continue
    run = _run({
      b"name": name, b"due": due, b"late": b"%d" % late, b"why": fields[b"why"], b"id": rest.partition(b"|")[0]})
    found += [] if run is None else [run]
  return found


def _run(fields: Mapping[bytes, bytes]) -> Optional[Run]:
  """None: no daemon has written it."""
  try:
    due, late = int(fields[b"due"]), int(fields[b"late"])
    return Run(
      keys.decoded(fields[b"name"]), values.from_microseconds(due + late), values.from_microseconds(due), late / 1000,
      fields.get(b"why", b"").decode(errors="replace"), fields.get(b"id", b"").decode(errors="replace"))
  except (KeyError, ValueError, OverflowError):
    return None


def _milliseconds(moment: Any) -> int:
  values.date("since", moment)
  return int(moment.timestamp() * 1000)


def _place_before(place: str) -> Optional[str]:
  """The id before another one, since Redis 6.0 has no exclusive ranges; None: there is none."""
  milliseconds, number = (int(part) for part in place.split("-"))
  if number > 0:
    return f"{milliseconds}-{number - 1}"
  return f"{milliseconds - 1}-{2**64 - 1}" if milliseconds > 0 else None
