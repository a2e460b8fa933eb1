"""The names of the daemon's keys in Redis.

Sources/BeatRedis/Keys/RedisKeys.swift has the same names, and a test compares them by what a daemon writes. All keys
and names are bytes in Redis. A name that is no UTF-8 has its bytes as surrogates, as Python's file names have.
"""

from __future__ import annotations

import dataclasses
from typing import Final, Optional

#: What schedules' keys begin with unless told otherwise.
DEFAULT_PREFIX: Final = "tasks:meta:"

#: The longest name of a schedule, in bytes.
LONGEST_NAME: Final = 1_024

_NAMESPACE: Final = b"reactivebeat:"


def encoded(text: str) -> bytes:
  """A name as it stands in Redis."""
  return text.encode("utf-8", "surrogateescape")


def decoded(data: bytes) -> str:
  """A name in Redis as text."""
  return data.decode("utf-8", "surrogateescape")


@dataclasses.dataclass(frozen=True)
class Keys:
  """All keys that belong to one prefix of documents.

  The daemon's own keys are beside the documents' prefix and not under it, so that `tasks:meta:*` finds documents only.
  """

  prefix: str = DEFAULT_PREFIX

  def document(self, name: str) -> bytes:
    """STRING, one schedule document."""
    return encoded(self.prefix) + encoded(name)

  def name(self, key: bytes) -> Optional[str]:
    """The schedule of a document's key; None for other keys, and for a name that is too long to be read."""
    prefix = encoded(self.prefix)
    if not key.startswith(prefix) or key.startswith(self._own("")) or len(key) > len(prefix) + LONGEST_NAME:
      return None
    return decoded(key[len(prefix):])

  @property
  def pattern(self) -> bytes:
    """The pattern for SCAN that matches the documents' keys."""
    return escaped(encoded(self.prefix)) + b"*"

  @property
  def watermarks(self) -> bytes:
    """HASH, name -> the newest due time that was fired, or the time first seen."""
    return self._own("mark")

  @property
  def receipts(self) -> bytes:
    """HASH, name -> what became of the last edit of the document, as JSON."""
    return self._own("receipts")

  @property
  def history(self) -> bytes:
    """STREAM, the fired runs, the oldest first."""
    return self._own("history")

  @property
  def outbox(self) -> bytes:
    """LIST, messages that wait for a broker on another server."""
    return self._own("outbox")

  @property
  def manual(self) -> bytes:
    """HASH, request -> `<deadline>|<name>`: the runs by hand that users ask for."""
    return self._own("manual")

  def answer(self, request: str) -> bytes:
    """LIST, the one answer to a request; it expires after a minute."""
    return self._own("answer:" + request)

  @property
  def daemons(self) -> bytes:
    """HASH, a daemon's instance -> its record as JSON."""
    return self._own("daemons")

  def heartbeat(self, instance: str) -> bytes:
    """STRING, it exists as long as the daemon lives."""
    return self._own("heartbeat:" + instance)

  @property
  def lease(self) -> bytes:
    """STRING, the token of the daemon that fires."""
    return self._own("lease")

  @property
  def application(self) -> bytes:
    """STRING, what a Celery application says of its tasks, as JSON."""
    return self._own("application")

  @property
  def owned(self) -> bytes:
    """HASH, name -> whose code has the schedule, and what the code said, as JSON. The daemon does not read it."""
    return self._own("owned")

  @property
  def unused(self) -> Optional[bytes]:
    """A key that never exists, by which a cluster tells whether a node has all of these keys. None: they have no hash
    tag, and are on many nodes."""
    begin = self.prefix.find("{")
    end = self.prefix.find("}", begin + 1)
    return self._own("none") if 0 <= begin < end - 1 else None

  def events(self, key: bytes, database: int) -> bytes:
    """The channel of a key's keyspace notifications."""
    return b"__keyspace@%d__:" % database + key

  def _own(self, name: str) -> bytes:
    return _NAMESPACE + encoded(self.prefix) + encoded(name)


def escaped(key: bytes) -> bytes:
  """`key` as a glob that matches only `key`."""
  return b"".join(b"\\" + key[i:i + 1] if key[i:i + 1] in b"*?[]\\" else key[i:i + 1] for i in range(len(key)))
