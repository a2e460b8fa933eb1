"""What a message of the daemon must be beside Celery's: the same bytes, but for what is listed here."""

from __future__ import annotations

import dataclasses
import random
from decimal import Decimal
from typing import Any, Dict, Iterator, List

from recording import Publication

#: What is made equal before the messages are compared, and what is not compared at all.
NOT_COMPARED = [
  "the task's id, the origin and the reply_to: Celery is given the daemon's",
  "the moment of sending: Celery's clock stands where the daemon's message was made, which must be within the run",
  "argsrepr and kwargsrepr of arguments with typed values (__type__): Celery is given the daemon's. It writes Python's "
  "repr of a datetime there, and the daemon the JSON",
  "documents that are not laid out as by Python's json.dumps: their arguments go into the body as they stand",
  "an exchange_type without an exchange and a routing key: Celery sends to the queue's own exchange then, and the "
  "daemon to the queue",
  "a date's zone: the daemon writes UTC, and Celery is given the date in UTC",
  "the number of the channel, all methods but basic.publish, the connection's own frames, the order of the messages",
]
#: What is known to differ, and is checked to differ in nothing else.
DIFFERENCES = [
  "basic.publish has mandatory = 1: RabbitMQ returns what it has no queue for. Celery's has 0, and "
  "loses it",
  "the expiration of some fractions of seconds: Celery multiplies floats, and has a millisecond less: 1.001 s are 1000",
]
#: The same for a Celery before 5.7.
OLD_DIFFERENCES = [
  "celery_beat_task: Celery 5.6 does not mark what beat sends",
  "ignore_result is null where the document says nothing, and Celery 5.6 says false",
  "argsrepr and kwargsrepr that are cut, of more than 1,024 characters: the daemon cuts as 5.7 does, and Celery 5.6 is "
  "given the daemon's",
]
_MARK = b"\x10celery_beat_taskt\x01"
_IGNORE = b"\x0dignore_result"


HEADER = "the content header"


def flat(publication: Publication) -> Dict[str, Any]:
  """The properties, with the headers among them."""
  properties = publication.properties()
  return properties.pop("application_headers", {}) | properties


@dataclasses.dataclass(frozen=True)
class Difference:
  part: str
  ours: bytes
  theirs: bytes

  def lines(self) -> Iterator[str]:
    yield f"{self.part} differs, {len(self.ours)} and {len(self.theirs)} bytes" + "".join(self._names())
    at = next((i for i, (a, b) in enumerate(zip(self.ours, self.theirs)) if a != b), 0)
    # A body may have half a megabyte.
    shown = slice(max(0, at - 4_000), at + 4_000)
    yield f"  beat-watch from byte {shown.start}: {self.ours[shown].hex()}"
    yield f"  Celery from byte {shown.start}:     {self.theirs[shown].hex()}"

  def _names(self) -> Iterator[str]:
    """The fields of a content header that differ."""
    if self.part == HEADER:
      ours, theirs = (flat(Publication(b"", payload, ())) for payload in (self.ours, self.theirs))
      for name in sorted(ours.keys() | theirs.keys()):
        if repr(ours.get(name)) != repr(theirs.get(name)):
          yield f"; {name}: beat-watch {ours.get(name)!r}, Celery {theirs.get(name)!r}"


def differences(ours: Publication, theirs: Publication, is_old: bool, options: Dict[str, Any]) -> List[Difference]:
  """Nothing where the messages are as they must be. `options` are the document's."""
  found = []
  # The last octet has the bits mandatory and immediate.
  want = theirs.method[:-1] + bytes([theirs.method[-1] | 1]) if theirs.method[-1] == 0 else theirs.method
  if ours.method != want:
    found.append(Difference("basic.publish", ours.method, want))
  header = _exact(theirs.header, options.get("expires"))
  if is_old:
    header = _as_new(header, "ignore_result" in options)
  if ours.header != header:
    found.append(Difference(HEADER, ours.header, header))
  if ours.body != theirs.body:
    frames = "" if ours.content() != theirs.content() else f" in {len(ours.body)} and {len(theirs.body)} frames"
    found.append(Difference(f"the body{frames}", ours.content(), theirs.content()))
  return found


def _exact(header: bytes, expires: Any) -> bytes:
  """Celery's content header with the expiration, its last property, as it is without the errors of floats."""
  if not isinstance(expires, float):
    return header
  exact, rounded = int(Decimal(repr(expires)) * 1000), int(expires * 1000)
  end = _short(rounded)
  assert header.endswith(end), f"the header of Celery's message has no expiration of {rounded} ms at its end"
  return header[:-len(end)] + _short(exact)


def _short(number: int) -> bytes:
  text = str(number).encode()
  return bytes([len(text)]) + text


def _as_new(header: bytes, says_ignore_result: bool) -> bytes:
  """The content header of Celery 5.6 as it is in 5.7's beat."""
  assert _MARK not in header, "Celery 5.6 has marked a message"
  if not says_ignore_result:
    at = header.index(_IGNORE) + len(_IGNORE)
    assert header[at:at + 2] == b"t\0", f"Celery 5.6 says ignore_result {header[at:at + 2]!r}"
    # A value without a form of its own: nothing follows its type.
    header = header[:at] + b"V" + header[at + 2:]
    header = _grown(header, -1)
  end = 14 + 1 + header[14] + 1 + header[15 + header[14]]
  length = int.from_bytes(header[end:end + 4], "big")
  return _grown(header[:end + 4 + length] + _MARK + header[end + 4 + length:], len(_MARK))


def _grown(header: bytes, by: int) -> bytes:
  """The content header with another length of its table of headers, which stands behind content type and encoding."""
  end = 14 + 1 + header[14] + 1 + header[15 + header[14]]
  length = int.from_bytes(header[end:end + 4], "big") + by
  return header[:end] + length.to_bytes(4, "big") + header[end + 4:]


def altered(publication: Publication, chance: random.Random) -> Publication:
  """The message with one bit changed."""
  method, header, body = publication.method, publication.header, list(publication.body)
  part = chance.randrange(3)
  if part == 0:
    method = _flipped(method, chance)
  elif part == 1:
    header = _flipped(header, chance)
  else:
    index = chance.randrange(len(body))
    body[index] = _flipped(body[index], chance)
  return Publication(method, header, tuple(body))


def _flipped(data: bytes, chance: random.Random) -> bytes:
  changed = bytearray(data)
  changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
  return bytes(changed)
