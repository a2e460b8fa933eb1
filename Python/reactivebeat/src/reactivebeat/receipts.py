"""What the daemon says of an edit, and how it is waited for."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import time
from typing import TYPE_CHECKING, Any, Final, Optional, Tuple

from .errors import NoDaemon, Rejected
from .steps import Hear, Sleep, Steps, command
from .values import from_microseconds, parse_time, patience

if TYPE_CHECKING:
  from .store import Saved, Store

#: Seconds between the first looks, of which each is twice as long as the one before.
_FIRST_LOOK: Final = 0.001
#: Seconds of such looks. A receipt that takes longer is heard of by its keyspace notification.
_LOOKS: Final = 0.1
#: Seconds between looks then. Events are a hint: it is looked without them, too.
_LONGEST_LOOK: Final = 0.5
#: The clock by which a daemon dates what it hears may differ by this from the store's.
_CLOCK: Final = datetime.timedelta(milliseconds=50)


@dataclasses.dataclass(frozen=True)
class Receipt:
  """What became of an edit."""

  #: `accepted`: it is in force. `rejected`: the document is set aside.
  state: str
  #: When it runs next; None if it will not: disabled, finished, or rejected.
  next: Optional[datetime.datetime] = None
  #: When the daemon heard it, by Redis' clock. None: no daemon has told, since it was in order before the daemon began.
  heard: Optional[datetime.datetime] = None
  #: What is accepted and probably not meant.
  warnings: Tuple[str, ...] = ()
  #: Why it is rejected: the field, what stands there, and what would be right.
  reason: str = ""
  #: SHA-1 of the document's bytes that it is about, in hex.
  sha1: str = ""
  #: False: the document was edited again before the daemon looked, and this is what it says of that edit.
  is_own: bool = True

  @property
  def is_accepted(self) -> bool:
    return self.state == "accepted"

  @classmethod
  def parse(cls, data: Optional[bytes]) -> Optional[Receipt]:
    """A receipt as it is stored; None: there is none, or another client wrote it."""
    try:
      fields: Any = json.loads(data or b"null")
      return cls(
        state=str(fields["state"]), next=parse_time(fields["next"]) if fields.get("next") else None,
        heard=parse_time(fields["heard"]), warnings=tuple(str(text) for text in fields.get("warnings", ())),
        reason=str(fields.get("reason", "")), sha1=str(fields.get("sha1", "")))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
      return None


def digest(data: bytes) -> str:
  return hashlib.sha1(data).hexdigest()


def receipt(store: Store, name: str) -> Steps[Optional[Receipt]]:
  """The last receipt of a schedule."""
  found: Optional[bytes] = yield from command("HGET", store.keys.receipts, store.field(name))
  return Receipt.parse(found)


def awaited(store: Store, saved: Saved, timeout: float) -> Steps[Receipt]:
  """Waits for the daemon's word on what was saved. Raises Rejected and NoDaemon."""
  timeout = patience("timeout", timeout)
  deadline = time.monotonic() + timeout
  wanted, pause, waited = digest(saved.data), _FIRST_LOOK, 0.0
  other: Optional[Receipt] = None
  while True:
    found = yield from receipt(store, saved.name)
    # A document that has run since its last edit is not the one that its receipt is about.
    if found is not None and (found.sha1 == wanted or not saved.is_changed and waited >= _LOOKS):
      return _told(saved.name, found)
    # The daemon has looked after the save and has seen other bytes: somebody was faster than it. It is believed when
    # the next look shows the same.
    if found is not None and (yield from _is_later(store, saved, found)):
      if found == other:
        return _told(saved.name, dataclasses.replace(found, is_own=False))
      other = found
    left = deadline - time.monotonic()
    if left <= 0:
      return (yield from _unheard(store, saved, timeout))
    if waited < _LOOKS or other is not None:
      yield Sleep(min(pause, left))
      waited, pause = waited + pause, min(2 * pause, _LONGEST_LOOK)
    else:
      yield Hear(store.keys.events(store.keys.receipts, store.database), min(_LONGEST_LOOK, left))


def _told(name: str, found: Receipt) -> Receipt:
  if not found.is_accepted:
    raise Rejected(name, found.reason, found)
  return found


def _is_later(store: Store, saved: Saved, found: Receipt) -> Steps[bool]:
  if found.heard is None or found.heard < from_microseconds(saved.since) - _CLOCK:
    return False
  stands = yield from store.read(saved.name)
  return stands != saved.data


def _unheard(store: Store, saved: Saved, timeout: float) -> Steps[Receipt]:
  fires = yield from command("EXISTS", store.keys.lease)
  if fires and not saved.is_changed:
    # A document that was in order when the daemon began has no receipt.
    return Receipt("accepted", sha1=digest(saved.data))
  raise NoDaemon(
    f"{saved.name} is saved, and no daemon has said within {timeout:g} s what becomes of it: "
    + ("the one that fires does not hear it, see its log" if fires else "none fires; start beat-watch"))
