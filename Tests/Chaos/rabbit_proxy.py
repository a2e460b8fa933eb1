"""The fault proxy in front of RabbitMQ. It knows which message was published over which connection, and when each of them
ended, so that every repeat can be explained."""

import collections
import socket
import struct
import time
from typing import NamedTuple

from proxy import TO_SERVER, Link, Proxy

_PUBLISH, _ACK, _NACK = (60, 40), (60, 80), (60, 120)
# The properties before the correlation id, in the order of their flags: short strings, a table, octets.
_BEFORE = ((15, "text"), (14, "text"), (13, "table"), (12, "octet"), (11, "octet"))


def frames_of(buffer):
  """The whole frames at the beginning: (start, end, type, the payload's first bytes)."""
  at = 8 if buffer.startswith(b"AMQP") else 0
  if at and len(buffer) >= 8:
    yield 0, 8, 0, b""
  while at + 8 <= len(buffer):
    kind, _, size = struct.unpack_from(">BHI", buffer, at)
    end = at + 8 + size
    if end > len(buffer):
      return
    yield at, end, kind, bytes(buffer[at + 7:end - 1])
    at = end


def correlation_id(header):
  """The correlation id in a content header's payload; "": it has none."""
  (flags,) = struct.unpack_from(">H", header, 12)
  at = 14
  for bit, form in _BEFORE:
    if not flags >> bit & 1:
      continue
    if form == "text":
      at += 1 + header[at]
    elif form == "table":
      at += 4 + struct.unpack_from(">I", header, at)[0]
    else:
      at += 1
  return header[at + 1:at + 1 + header[at]].decode() if flags >> 10 & 1 else ""


class Publication(NamedTuple):
  """One time that a message was published."""

  at: float  # seconds since 1970
  link: Link
  daemon: int
  start: int  # how often the daemon had been started


class RabbitLink(Link):
  """A connection whose bytes are AMQP's frames."""

  def __init__(self, proxy, client, server):
    super().__init__(proxy, client, server)
    self.start = proxy.daemon.starts

  def process(self, direction):
    buffer, done = self.received[direction], 0
    for start, end, kind, payload in list(frames_of(buffer)):
      if self.held[direction] or self._holds(direction, kind, payload):
        break
      if direction == TO_SERVER and kind == 2:
        if task := correlation_id(payload):
          self.proxy.published[task].append(Publication(time.time(), self, self.proxy.number, self.start))
      self.send(direction, bytes(buffer[start:end]))
      done = end
    del buffer[:done]

  def _holds(self, direction, kind, payload):
    method = struct.unpack_from(">HH", payload) if kind == 1 else None
    if direction == TO_SERVER:
      return method == _PUBLISH and (self.proxy.is_shut or self.proxy.catches(self, "publish", "request", payload))
    return method in (_ACK, _NACK) and self.proxy.catches(self, "confirm", "reply", payload)


class RabbitProxy(Proxy):
  link = RabbitLink
  speaks_resp = False

  def __init__(self, daemon, port, scripts, ledger):
    super().__init__(daemon.number, port, scripts, ledger)
    self.daemon = daemon
    self.published = collections.defaultdict(list)  # task id -> [Publication]

  def clear(self):
    super().clear()
    self.is_shut = False  # No message passes.

  def dial(self):
    return socket.create_connection(("127.0.0.1", self.upstream), 2)
