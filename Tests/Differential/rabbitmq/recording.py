"""A TCP proxy that keeps what clients send to RabbitMQ, and the messages that are in it."""

from __future__ import annotations

import dataclasses
import socket
import struct
import threading
from typing import Any, Dict, Iterator, List, Tuple

from amqp.basic_message import Message

_METHOD, _HEADER, _BODY, _END = 1, 2, 3, 0xCE
_PUBLISH = (60, 40)


@dataclasses.dataclass(frozen=True)
class Publication:
  """A message as it is on the wire: the payload of each of its frames."""

  method: bytes
  header: bytes
  body: Tuple[bytes, ...]

  def properties(self) -> Dict[str, Any]:
    """The properties as py-amqp, with which workers read, understands them."""
    message = Message()
    message.inbound_header(self.header)
    return dict(message.properties)

  def is_rehearsal(self) -> bool:
    """Whether it is the daemon's own, without a task and a body, to see whether RabbitMQ returns messages."""
    return not self.body and "application_headers" not in self.properties()

  def headers(self) -> Dict[str, Any]:
    return dict(self.properties()["application_headers"])

  def content(self) -> bytes:
    return b"".join(self.body)


def publications(stream: bytes) -> Iterator[Publication]:
  """The whole messages in what one client has sent on one connection. Each channel has its own."""
  at = 8  # "AMQP" and a version
  open_ones: Dict[int, List[Any]] = {}
  while at + 7 <= len(stream):
    kind, channel, size = struct.unpack_from(">BHI", stream, at)
    end = at + 7 + size
    if end >= len(stream):
      return
    payload = stream[at + 7:end]
    assert stream[end] == _END, f"no end of a frame at byte {end}: {stream[at:end + 1].hex()}"
    at = end + 1
    if kind == _METHOD and struct.unpack_from(">HH", payload) == _PUBLISH:
      open_ones[channel] = [payload]
      continue
    if channel not in open_ones:
      continue
    parts = open_ones[channel]
    assert kind == (_HEADER if len(parts) == 1 else _BODY), f"a frame of type {kind} is inside a message"
    parts.append(payload)
    (length,) = struct.unpack_from(">Q", parts[1], 4)
    if sum(map(len, parts[2:])) == length:
      del open_ones[channel]
      yield Publication(parts[0], parts[1], tuple(parts[2:]))


class Recorder:
  """Listens on 127.0.0.1 (`port`), and hands on everything both ways."""

  def __init__(self, upstream: int) -> None:
    self.upstream = upstream
    self.streams: List[bytearray] = []
    self.listener = socket.create_server(("127.0.0.1", 0))
    self.port = self.listener.getsockname()[1]
    threading.Thread(target=self._accept, daemon=True).start()

  def url(self) -> str:
    return f"amqp://guest:guest@127.0.0.1:{self.port}//"

  def publications(self) -> List[Publication]:
    """The messages of tasks."""
    found = (publication for stream in self.streams for publication in publications(bytes(stream)))
    return [publication for publication in found if not publication.is_rehearsal()]

  def _accept(self) -> None:
    while True:
      client, _ = self.listener.accept()
      server = socket.create_connection(("127.0.0.1", self.upstream))
      stream = bytearray()
      self.streams.append(stream)
      threading.Thread(target=_carry, args=(client, server, stream), daemon=True).start()
      threading.Thread(target=_carry, args=(server, client, bytearray()), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket, kept: bytearray) -> None:
  try:
    while data := source.recv(65536):
      kept += data
      target.sendall(data)
  except OSError:
    pass
  for end in (source, target):
    try:
      end.shutdown(socket.SHUT_RDWR)
    except OSError:
      pass
