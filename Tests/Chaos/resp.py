"""Redis' protocol: where a value ends, what a request says, and a small blocking client."""

import socket

_AGGREGATES = b"*~>%|"
_BLOBS = b"$=!"


def advance(buffer, at, owed=1):
  """Skips as many as have arrived of the `owed` values that begin at `at`. Returns (the place behind them, how many are
  missing)."""
  while owed:
    line = buffer.find(b"\r\n", at)
    if line < 0:
      break
    kind = buffer[at]
    if kind in _AGGREGATES:
      count = max(0, int(buffer[at + 1:line]))
      owed += count * (2 if kind in b"%|" else 1) - 1
      at = line + 2
    elif kind in _BLOBS:
      length = int(buffer[at + 1:line])
      end = line + 2 + (length + 2 if length >= 0 else 0)
      if end > len(buffer):
        break
      at, owed = end, owed - 1
    else:
      at, owed = line + 2, owed - 1
  return at, owed


def end_of_value(buffer, at):
  """The place behind the value that begins at `at`; -1 if not all of it has arrived."""
  end, owed = advance(buffer, at)
  return -1 if owed else end


def arguments(request):
  """A request's arguments. Clients send nothing but arrays of bulk strings."""
  result, at = [], request.index(b"\r\n") + 2
  while at < len(request):
    line = request.index(b"\r\n", at)
    length = int(request[at + 1:line])
    result.append(bytes(request[line + 2:line + 2 + length]))
    at = line + 4 + length
  return result


def value(reply, at=0):
  """(the value, the place behind it). An error reply is returned as `Refused`, and not raised."""
  line = reply.index(b"\r\n", at)
  kind, text = reply[at:at + 1], bytes(reply[at + 1:line])
  if kind == b"$":
    length = int(text)
    return (None, line + 2) if length < 0 else (bytes(reply[line + 2:line + 2 + length]), line + 4 + length)
  if kind == b"*":
    items, at = [], line + 2
    for _ in range(int(text)):
      item, at = value(reply, at)
      items.append(item)
    return items, at
  if kind == b":":
    return int(text), line + 2
  return (Refused(text.decode()) if kind == b"-" else text), line + 2


class Refused(Exception):
  """An error reply."""


class Client:
  """Raises OSError or EOFError when the connection ends, Refused for an error reply."""

  def __init__(self, path, database=0, timeout=10, password=None):
    self.socket = socket.socket(socket.AF_UNIX)
    self.socket.settimeout(timeout)
    self.socket.connect(path)
    self.buffer = bytearray()
    if password:
      self("AUTH", *([password] if isinstance(password, str) else password))
    if database:
      self("SELECT", database)

  def __call__(self, *parts):
    parts = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
    end, owed = 0, 1
    while owed:
      data = self.socket.recv(1 << 18)
      if not data:
        raise EOFError("Redis closed the connection")
      self.buffer += data
      end, owed = advance(self.buffer, end, owed)
    result, _ = value(self.buffer)
    del self.buffer[:end]
    if isinstance(result, Refused):
      raise result
    return result

  def close(self):
    self.socket.close()
