"""Operations on the documents of a store, as steps.

Each change is stored only in the place of the bytes that it was made from, by the script that the daemon's own commands
use, so that no client's work is lost.
"""

from __future__ import annotations

import random
import time
from typing import Any, Callable, Dict, Final, Iterator, List, NamedTuple, Optional, Set, Tuple

from redis.exceptions import ResponseError

from . import documents, values
from .documents import Document
from .errors import Conflict, InvalidSchedule, NotFound, ReactiveBeatError
from .keys import Keys, decoded, encoded
from .jsontext import JSONText
from .ownership import Owner
from .steps import Hold, Script, Sleep, Steps, command

#: Seconds for which a change is tried again while others are faster.
_PATIENCE: Final = 30.0
_PAGE: Final = 200

#: Looks at a document before it is stored, and raises what is wrong with it.
Check = Callable[[bytes], Steps[None]]

_save: Final = Script("save")
_rename: Final = Script("rename")


class Saved(NamedTuple):
  """What was stored, and since when by the store's clock, in microseconds since 1970."""

  name: str
  data: bytes
  #: False: these bytes stood there already.
  is_changed: bool
  since: int


class Store:
  """The documents of one prefix in one database."""

  def __init__(self, keys: Keys, database: int) -> None:
    self.keys = keys
    self.database = database

  def field(self, name: str) -> bytes:
    """A schedule's name in the daemon's hashes."""
    return encoded(name)

  def read(self, name: str) -> Steps[Optional[bytes]]:
    try:
      found: Optional[bytes] = yield from command("GET", self.keys.document(name))
    except ResponseError as error:
      if str(error).startswith("WRONGTYPE") or "wrong kind" in str(error):
        raise Conflict(
          f"{self.keys.prefix}{name} holds no text, and so no schedule: delete or rename the key") from None
      raise
    return found

  def document(self, name: str) -> Steps[Document]:
    """Raises NotFound."""
    return Document(name, (yield from self._existing(name)))

  def documents(self, pattern: str) -> Steps[List[Document]]:
    """All whose names match a glob of Redis, by name. A key of another type is left out."""
    glob = self.keys.pattern[:-1] + encoded(values.pattern(pattern))
    cursor: int = 0
    names: Set[str] = set()
    yield from self._has_all()
    while True:
      cursor, page = yield from command("SCAN", cursor, "MATCH", glob, "COUNT", 1000)
      names.update(name for name in map(self.keys.name, page) if name is not None)
      if int(cursor) == 0:
        break
    yield from self._has_all()
    found: List[Document] = []
    ordered = sorted(names)
    for start in range(0, len(ordered), _PAGE):
      page = ordered[start:start + _PAGE]
      contents = yield from command("MGET", *map(self.keys.document, page))
      found += [Document(name, data) for name, data in zip(page, contents) if data is not None]
    return found

  def _has_all(self) -> Steps[None]:
    """Asks a cluster's node for a key that never exists. A node that has not all keys does not answer: it names the one
    that has them, or says that they are being moved. SCAN returns those that it has."""
    if self.keys.unused is not None:
      yield from command("GET", self.keys.unused)

  def put(self, name: str, data: bytes, replace: bool, check: Optional[Check]) -> Steps[Saved]:
    """Puts a whole document in the place of the one that is there, if there is one.

    The last run and the count stay, unless the new document names them. Where nothing would change, nothing is written.
    Raises Conflict where one is there and is not to be replaced, and what `check` raises.
    """
    def replaced(before: Optional[bytes]) -> bytes:
      if before is None:
        return data
      if not replace:
        raise Conflict(f"{name} is there already: nothing was stored; choose another name, or change that one")
      new = documents.kept(before, data)
      return before if _parts(before) == _parts(new) else new
    return (yield from self._change(name, replaced, check))

  def update(self, name: str, edit: Callable[[bytes], bytes], check: Optional[Check]) -> Steps[Saved]:
    """Changes a document. `edit` is run again on newer bytes where somebody was faster.

    Raises NotFound, Conflict, and what `edit` and `check` raise.
    """
    def edited(before: Optional[bytes]) -> bytes:
      if before is None:
        raise NotFound(name)
      return edit(before)
    return (yield from self._change(name, edited, check))

  def owners(self) -> Steps[Dict[str, Owner]]:
    """Whose code has which schedule."""
    records = yield from owner_records(self.keys)
    owners = {decoded(name): Owner.read(data) for name, data in records.items()}
    return {name: owner for name, owner in sorted(owners.items()) if owner is not None}

  def delete(self, name: str) -> Steps[None]:
    """Raises NotFound."""
    for _ in _attempts(name):
      before = yield from self._existing(name)
      if (yield from self._save(name, before, b"")):
        return

  def rename(self, name: str, new_name: str) -> Steps[None]:
    """Gives a schedule another name in one step with its watermark: nothing runs again, and nothing is postponed.

    Raises NotFound, and Conflict if the new name is taken.
    """
    yield from self._existing(name)
    keys = [self.keys.document(name), self.keys.document(new_name), self.keys.watermarks]
    reply = yield from _rename(keys, [self.field(name), self.field(new_name)])
    if reply[0] == b"EXISTS":
      raise Conflict(f"{new_name} is there already: nothing was renamed; choose another name, or delete it")
    if reply[0] == b"ERR":
      raise ReactiveBeatError(f"{name} was not renamed: {_text(reply[1])}")
    if reply[0] != b"OK":
      raise NotFound(name)

  def _existing(self, name: str) -> Steps[bytes]:
    found = yield from self.read(name)
    if found is None:
      raise NotFound(name, f"there is no schedule {name}: nothing stands at {self.keys.prefix}{name}")
    return found

  def _change(
    self, name: str, edit: Callable[[Optional[bytes]], bytes], check: Optional[Check],
  ) -> Steps[Saved]:
    yield Hold(name)
    before = yield from self.read(name)
    since = 0
    for pause in _attempts(name):
      after = edit(before)
      if after == before:
        return Saved(name, after, False, since)
      if check is not None:
        yield from check(after)
      if since == 0:
        seconds, microseconds = yield from command("TIME")
        since = int(seconds) * 1_000_000 + int(microseconds)
      if (yield from self._save(name, before, after)):
        return Saved(name, after, True, since)
      if pause:
        yield Sleep(pause)
      before = yield from self.read(name)
    raise AssertionError("the attempts end by an error")

  def _save(self, name: str, seen: Optional[bytes], new: bytes) -> Steps[bool]:
    # The watermark stays: the edit counts from when the daemon hears it.
    reply = yield from _save(
      [self.keys.document(name), self.keys.watermarks],
      [b"0" if seen is None else b"1", seen or b"", new, self.field(name), b"", b""])
    return bool(reply[0] == b"OK")


def owner_records(keys: Keys) -> Steps[Dict[bytes, bytes]]:
  """The records of whose code has which schedule, as they are stored. Raises ReactiveBeatError."""
  cursor: int = 0
  records: Dict[bytes, bytes] = {}
  while True:
    try:
      cursor, page = yield from command("HSCAN", keys.owned, cursor, "COUNT", 1000)
    except ResponseError as error:
      if str(error).startswith("WRONGTYPE") or "wrong kind" in str(error):
        key = keys.owned.decode("utf-8", "replace")
        raise ReactiveBeatError(
          f"the key {key} holds no hash, where the owners of schedules belong: delete it") from None
      raise
    records.update(page)
    if int(cursor) == 0:
      return records


def _attempts(name: str) -> Iterator[float]:
  """The pauses between attempts, in seconds, longer and at random. At last it raises Conflict.

  Each failure means that somebody else's change was stored, so all of them together go on.
  """
  deadline, longest = time.monotonic() + _PATIENCE, 0.0
  while time.monotonic() < deadline:
    yield random.uniform(0, longest)
    longest = min(0.05, longest * 2 or 0.001)
  raise Conflict(f"{name} was not changed: others change it without a pause; try again")


def _parts(data: bytes) -> Optional[Tuple[str, List[Optional[str]]]]:
  """The document without what the daemon writes, and that, which may stand in any place; None if it is no document."""
  try:
    text = JSONText(documents.decode(data))
  except InvalidSchedule:
    return None
  kept = [text.raw(field) for field in documents.BOOKKEEPING]
  for field in documents.BOOKKEEPING:
    text.remove((field,))
  return text.text, kept


def _text(value: Any) -> str:
  return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
