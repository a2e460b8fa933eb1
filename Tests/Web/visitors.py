"""A browser's side of the page, byte by byte: what a library would mend or refuse to send, an attacker sends."""

import json
import socket
import time

PATIENCE = 20  # seconds for a response on a busy machine


class NoAnswer(Exception):
  """The connection ended, or nothing came in time, before a response was complete. The text says which."""


class Response:

  def __init__(self, status, fields, body):
    self.status, self.fields, self.body = status, fields, body

  def values(self, name):
    return [value for key, value in self.fields if key.lower() == name.lower()]

  def __getitem__(self, name):
    values = self.values(name)
    return values[0] if values else None

  @property
  def text(self):
    return self.body.decode(errors="replace")

  @property
  def json(self):
    try:
      return json.loads(self.body)
    except ValueError:
      return None

  @property
  def code(self):
    """The word of an error of the API; None: it is none."""
    content = self.json
    return content.get("error", {}).get("code") if isinstance(content, dict) else None

  def __str__(self):
    return f"{self.status} {self.text[:120]!r}"


class Connection:
  """One connection, on which responses are read one after the other."""

  def __init__(self, address, source=None, timeout=PATIENCE, receive_buffer=None):
    self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    if receive_buffer:
      self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    self.socket.settimeout(timeout)
    if source:
      self.socket.bind((source, 0))
    self.socket.connect(address)
    self.end = time.monotonic() + 3 * timeout  # A stream that never ends is no answer either.
    self.bytes = bytearray()

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.close()

  def close(self):
    self.socket.close()

  def send(self, data):
    self.socket.sendall(data)

  def _more(self):
    if time.monotonic() > self.end:
      raise NoAnswer("it does not come to an end")
    try:
      data = self.socket.recv(1 << 18)
    except TimeoutError:
      raise NoAnswer("nothing comes") from None
    except OSError as error:
      raise NoAnswer(str(error)) from None
    if not data:
      raise NoAnswer("the connection has ended")
    self.bytes += data

  def _take(self, count):
    while len(self.bytes) < count:
      self._more()
    data = bytes(self.bytes[:count])
    del self.bytes[:count]
    return data

  def _line(self):
    while b"\r\n" not in self.bytes:
      self._more()
    line, _, rest = bytes(self.bytes).partition(b"\r\n")
    self.bytes = bytearray(rest)
    return line

  def head(self):
    """(status, fields) of the next response, without an interim one."""
    while True:
      line = self._line().decode("latin-1")
      words = line.split(" ", 2)
      if len(words) < 2 or words[0] != "HTTP/1.1" or not words[1].isdigit():
        raise NoAnswer(f"no status line: {line[:80]!r}")
      fields = []
      while text := self._line().decode("latin-1"):
        name, _, value = text.partition(":")
        fields.append((name, value.strip()))
      if int(words[1]) >= 200:
        return int(words[1]), fields

  def chunk(self):
    """The next chunk of a stream."""
    data = self._take(int(self._line(), 16))
    self._take(2)
    return data

  def response(self, is_head=False):
    status, fields = self.head()
    response = Response(status, fields, b"")
    if is_head or status in (204, 304):
      return response
    if response["Content-Length"] is not None:
      response.body = self._take(int(response["Content-Length"]))
    elif response["Transfer-Encoding"] == "chunked":
      while data := self.chunk():
        response.body += data
    else:
      response.body = self.rest()
    return response

  def rest(self, seconds=None):
    """All that comes until the connection ends, or for so many seconds."""
    end = time.monotonic() + (seconds or PATIENCE)
    while (left := end - time.monotonic()) > 0:
      self.socket.settimeout(left)
      try:
        self._more()
      except NoAnswer:
        break
    data = bytes(self.bytes)
    self.bytes.clear()
    return data


def request(method, target, fields=(), body=None, host="127.0.0.1", version="HTTP/1.1"):
  """The bytes of a request. `fields`: a dict, or pairs; a value of None leaves a field out."""
  pairs = list(fields.items() if isinstance(fields, dict) else fields)
  lines = [f"{method} {target} {version}".encode("latin-1")]
  if host is not None and not any(name.lower() == "host" for name, _ in pairs):
    lines.append(b"Host: " + (host if isinstance(host, bytes) else host.encode()))
  if body is not None and not any(name.lower() == "content-length" for name, _ in pairs):
    lines.append(b"Content-Length: %d" % len(body))
  for name, value in pairs:
    if value is not None:
      lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else str(value).encode()))
  return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


class Visitor:
  """Somebody in front of a page. `cookie` and `csrf` are what a login, or the session without one, has given."""

  def __init__(self, site, source=None):
    self.site, self.source = site, source
    self.cookie = self.csrf = None
    self.always = []  # fields of each request

  def session(self):
    """Asks who one is, as the page does first."""
    answer = self.get("/api/v1/session")
    self.csrf = (answer.json or {}).get("csrf")
    return answer

  def log_in(self, token):
    answer = self.call("POST", "/api/v1/session", {"token": token})
    if answer.status == 200:
      self.cookie = (answer["Set-Cookie"] or "").partition(";")[0]
      self.csrf = answer.json["csrf"]
    return answer

  def fields(self, more=(), csrf=True):
    fields = list(self.always)
    if self.cookie:
      fields.append(("Cookie", self.cookie))
    if csrf and self.csrf:
      fields.append(("X-CSRF-Token", self.csrf))
    return fields + list(more.items() if isinstance(more, dict) else more)

  def raw(self, data, timeout=PATIENCE, is_head=False):
    with Connection(self.site.address, self.source, timeout) as connection:
      connection.send(data)
      answer = connection.response(is_head)
    self.site.saw(answer)
    return answer

  def ask(self, method, target, fields=(), body=None, csrf=True, host="127.0.0.1", timeout=PATIENCE):
    return self.raw(request(method, target, self.fields(fields, csrf), body, host), timeout, method == "HEAD")

  def get(self, target, fields=()):
    return self.ask("GET", target, fields)

  def call(self, method, target, content=None, fields=(), **options):
    """A call of the API with JSON. `content` may be bytes, which are sent as they are."""
    body = content if isinstance(content, bytes) else json.dumps({} if content is None else content).encode()
    return self.ask(method, target, [("Content-Type", "application/json"), *fields], body, **options)
