"""The fault proxy, one for each daemon. It forwards whole requests and replies, knows the kind of each, and can stop at
an exact place (`Trap`). Everything here runs on the thread of wire.py."""

import collections
import socket
import threading
import time

from resp import end_of_value
from traffic import entry_of_read, fires_of

TO_SERVER, TO_CLIENT = 0, 1


class Trap:
  """Waits for a request or reply of some kind, and holds it back with everything behind it until it is released.

  `place`: "request" (it is not forwarded yet), "reply" (it was carried out, and the daemon does not know), "echo" (the
  daemon has its reply, and the events of its own write are held back).
  """

  def __init__(self, kinds, place):
    self.kinds = kinds
    self.place = place
    self.caught = threading.Event()
    self.number = None  # the number of the daemon that was caught
    self.entry = None  # the entry of the fire or read that was caught


class Link:
  """One connection of a daemon and its counterpart to the server. Lists of two hold one item for each direction."""

  def __init__(self, proxy, client, server):
    self.proxy = proxy
    self.sockets = [server, client]  # the socket to which a direction leads
    self.received = [bytearray(), bytearray()]
    self.outgoing = [collections.deque(), collections.deque()]  # (earliest time to send, bytes)
    self.held = [False, False]
    self.owed = collections.deque()  # requests without a reply: [kind, fire, the proxy's own answer or None, ...]
    self.is_stream = False
    self.is_closed = False
    self.ended_at = None  # seconds since 1970

  def process(self, direction):
    """Forwards the whole values that have arrived, until one is held back."""
    buffer, at = self.received[direction], 0
    while not self.held[direction] and at < len(buffer):
      if (end := end_of_value(buffer, at)) < 0:
        break
      frame = bytes(buffer[at:end])
      if (self._request if direction == TO_SERVER else self._reply)(frame):
        at = end
    del buffer[:at]

  def send(self, direction, data):
    proxy = self.proxy
    if self in proxy.doomed:
      return
    if proxy.cut and proxy.cut[0] == direction:
      _, left = proxy.cut
      if len(data) >= left:
        data = data[:left]
        proxy.cut = None
        proxy.doomed.append(self)
      else:
        proxy.cut = (direction, left - len(data))
    waiting = self.outgoing[direction]
    # No value is sent before an earlier one, which may have had a longer delay.
    delay = proxy.delay + (proxy.event_delay if self.is_stream else 0)
    waiting.append((max(time.monotonic() + delay, waiting[-1][0] if waiting else 0), data))

  def _request(self, frame):
    """Returns False if the request is held back."""
    proxy = self.proxy
    kind = proxy.scripts.kind(frame)
    if proxy.catches(self, kind, "request", frame):
      return False
    self.is_stream = self.is_stream or kind == "psubscribe"
    fires = []
    if kind == "fire":
      fires = fires_of(proxy.number, frame)
      for fire in fires:
        proxy.ledger.sent(fire)
    elif kind in ("anchor", "rebase"):
      proxy.ledger.anchored(proxy.number, frame)
    elif kind == "lrem":
      proxy.ledger.taken_out(proxy.number, frame)
    answer, is_carried_out = proxy.error(kind)
    self.owed.append([kind, fires, answer, is_carried_out, frame if kind == "read" else None])
    if answer is None or is_carried_out:
      self.send(TO_SERVER, frame)
    else:
      for fire in fires:
        fire.answer = "never sent"
      self._answer_refused()
    return True

  def _answer_refused(self):
    """Sends the proxy's own replies. They keep the order of their requests, too."""
    while self.owed and self.owed[0][2] is not None and not self.owed[0][3]:
      self.send(TO_CLIENT, self.owed.popleft()[2])

  def _reply(self, frame):
    """Returns False if the reply is held back."""
    proxy = self.proxy
    if self.is_stream and frame.startswith((b"*4\r\n$8\r\npmessage", b"*3\r\n$10\r\npsubscribe")):
      if proxy.holds_echoes:
        self.held[TO_CLIENT] = True
        return False
      self.send(TO_CLIENT, frame)
      return True
    if not self.owed:
      self.send(TO_CLIENT, frame)
      return True
    kind, fires, answer, _, request = self.owed[0]
    if fires and fires[0].answer is None:
      proxy.ledger.answered(fires, frame)
    if proxy.catches(self, kind, "reply", request, fires):
      return False
    self.owed.popleft()
    self.send(TO_CLIENT, frame if answer is None else answer)
    proxy.catches(self, kind, "echo", request, fires)
    self._answer_refused()
    return True


class Proxy:
  """The server that one daemon connects to."""

  link = Link
  speaks_resp = True

  def __init__(self, number, upstream, scripts, ledger):
    self.number = number
    self.upstream = upstream
    self.scripts = scripts
    self.ledger = ledger
    self.listener = socket.create_server(("127.0.0.1", 0))
    self.listener.setblocking(False)
    self.port = self.listener.getsockname()[1]
    self.links = set()
    self.doomed = []  # links to close when all their output is sent
    self.connections = 0
    self.clear()

  def dial(self):
    """A connection to the server. Raises OSError when it is down."""
    server = socket.socket(socket.AF_UNIX)
    try:
      server.connect(self.upstream)
    except OSError:
      server.close()
      raise
    return server

  def turn_away(self, client):
    """Ends a client's connection that cannot be passed on."""
    client.close()

  def clear(self):
    """Ends every disturbance."""
    self.trap = None
    self.holds_echoes = False
    self.delay = 0.0  # seconds
    self.event_delay = 0.0  # seconds, on the connection that gets events
    self.stalled_until = 0.0
    self.drip = 0  # bytes that are still sent one by one
    self.cut = None  # (direction, bytes to let through)
    self.errors = []  # for the next requests: None, or (reply, whether the request is carried out)
    self.garbage = None

  def error(self, kind):
    """(the proxy's answer instead of the server's, or None; whether the request is carried out all the same)."""
    if not self.errors or kind in ("psubscribe", "script"):
      return None, True
    return self.errors.pop(0) or (None, True)

  def catches(self, link, kind, place, frame, fires=()):
    trap = self.trap
    if trap is None or trap.caught.is_set() or trap.place != place or kind not in trap.kinds:
      return False
    if kind == "fire":
      trap.entry = (fires or fires_of(self.number, frame))[0].entry
    elif kind == "read":
      trap.entry = entry_of_read(frame)
    if place == "echo":
      self.holds_echoes = True
    else:
      link.held[TO_SERVER if place == "request" else TO_CLIENT] = True
    trap.number = self.number
    trap.caught.set()
    return True
