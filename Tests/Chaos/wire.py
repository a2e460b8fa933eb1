"""The thread that moves the proxies' bytes."""

import queue
import selectors
import socket
import struct
import threading
import time

from proxy import TO_CLIENT, TO_SERVER

_CHUNK = 1 << 16
_LONGEST_BACKLOG = 1 << 20  # bytes waiting in one direction; above this its source is not read


class Wire(threading.Thread):
  """Other threads use it through `do`, and through the methods below it."""

  def __init__(self):
    super().__init__(daemon=True, name="wire")
    self.selector = selectors.DefaultSelector()
    self.tasks = queue.SimpleQueue()
    self.bell, self.ring = socket.socketpair()
    self.selector.register(self.bell, selectors.EVENT_READ, self._answer_bell)
    self.proxies = []
    self.problem = None

  def add(self, proxy):
    self.proxies.append(proxy)
    self.selector.register(proxy.listener, selectors.EVENT_READ, lambda _: self._accept(proxy))

  def do(self, task):
    """Runs `task` on the wire's thread and waits for its result."""
    done, result = threading.Event(), []

    def run():
      try:
        result.append(task())
      finally:
        done.set()
    self.tasks.put(run)
    self.ring.send(b"!")
    if not done.wait(30) or not result:
      raise RuntimeError(f"the proxy's thread has stopped: {self.problem!r}")
    return result[0]

  def set_trap(self, proxies, trap):
    """Sets a trap at several proxies. It catches the first request or reply that comes to it."""
    def run():
      for proxy in proxies:
        proxy.trap = trap
    self.do(run)

  def shut(self, proxies, is_shut):
    """Holds back messages that are published, or lets them go on."""
    def run():
      for proxy in proxies:
        proxy.is_shut = is_shut
        for link in list(proxy.links):
          self._move(link)
    self.do(run)

  def release(self, proxy):
    """Lets everything that is held back go on, and ends every disturbance."""
    def run():
      proxy.clear()
      for link in list(proxy.links):
        link.held = [False, False]
        self._move(link)
    self.do(run)

  def release_held(self, proxy):
    """Lets everything that is held back go on. Other disturbances stay."""
    def run():
      proxy.holds_echoes = False
      for link in list(proxy.links):
        link.held = [False, False]
        self._move(link)
    self.do(run)

  def disconnect(self, proxy, which="both", reset=False):
    """Ends the daemon's connections: both, its "commands" or its "stream"."""
    def run():
      for link in list(proxy.links):
        if which == "both" or (which == "stream") == link.is_stream:
          self._close(link, reset)
    self.do(run)

  def close(self, link):
    """Ends one connection. On the wire's thread only."""
    self._close(link)

  def send_garbage(self, proxy, data):
    def run():
      for link in list(proxy.links):
        link.outgoing[TO_CLIENT].append((0, data))
        self._move(link)
    self.do(run)

  # --- its own ---

  def run(self):
    try:
      while True:
        # Delays, stalls and drips need a look every few milliseconds, and only while there are any.
        restless = [proxy for proxy in self.proxies if self._is_restless(proxy)]
        for key, mask in self.selector.select(0.003 if restless else None):
          key.data(mask)
        for proxy in self.proxies:
          if proxy in restless or proxy.doomed:
            for link in list(proxy.links):
              self._move(link)
    except BaseException as error:
      self.problem = error
      raise

  @staticmethod
  def _is_restless(proxy):
    return (
      proxy.delay or proxy.stalled_until or proxy.drip or proxy.doomed
      or any(link.outgoing[0] or link.outgoing[1] for link in proxy.links))

  def _answer_bell(self, _):
    self.bell.recv(4096)
    while True:
      try:
        self.tasks.get_nowait()()
      except queue.Empty:
        return

  def _accept(self, proxy):
    try:
      client, _ = proxy.listener.accept()
    except OSError:
      return
    try:
      server = proxy.dial()
    except OSError:  # The server is down, so the proxy refuses as well.
      proxy.turn_away(client)
      return
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    proxy.connections += 1
    link = proxy.link(proxy, client, server)
    proxy.links.add(link)
    for each in link.sockets:
      each.setblocking(False)
    self._move(link)

  def _close(self, link, reset=False):
    if link.is_closed:
      return
    link.is_closed, link.ended_at = True, time.time()
    link.proxy.links.discard(link)
    if reset:
      link.sockets[TO_CLIENT].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for each in link.sockets:
      self._listen(each, 0, None)
      each.close()

  def _listen(self, source, mask, then):
    is_known = source.fileno() in self.selector.get_map()
    if not mask:
      if is_known:
        self.selector.unregister(source)
    elif not is_known:
      self.selector.register(source, mask, then)
    elif self.selector.get_key(source).events != mask:
      self.selector.modify(source, mask, then)

  def _move(self, link, readable=None):
    """Reads what is readable, forwards what may go, and registers for what comes next."""
    proxy = link.proxy
    now = time.monotonic()
    is_stalled = now < proxy.stalled_until
    if not is_stalled:
      proxy.stalled_until = 0.0
    for direction in (TO_SERVER, TO_CLIENT):
      if link.is_closed:
        return
      if readable is direction and not is_stalled and not self._read(link, direction):
        for each in (TO_SERVER, TO_CLIENT):
          self._write(link, each, now + 1e9)  # Data that came before the end is still delivered.
        return self._close(link)
      link.process(direction)
    for direction in (TO_SERVER, TO_CLIENT):
      if not is_stalled and not self._write(link, direction, now):
        return self._close(link)
    if link in proxy.doomed:
      proxy.doomed.remove(link)
      return self._close(link, reset=True)
    for direction in (TO_SERVER, TO_CLIENT):
      source, waiting = link.sockets[1 - direction], link.outgoing[1 - direction]
      mask = 0
      if not is_stalled and len(link.received[direction]) < _LONGEST_BACKLOG:
        mask |= selectors.EVENT_READ
      if waiting and not is_stalled and not proxy.drip and waiting[0][0] <= now:
        mask |= selectors.EVENT_WRITE
      self._listen(source, mask, self._reader(link, direction))

  def _reader(self, link, direction):
    return lambda mask: link.is_closed or self._move(link, direction if mask & selectors.EVENT_READ else None)

  @staticmethod
  def _read(link, direction):
    """Returns False if nothing more will come."""
    try:
      data = link.sockets[1 - direction].recv(_CHUNK)
    except BlockingIOError:
      return True
    except OSError:
      return False
    link.received[direction] += data
    return bool(data)

  @staticmethod
  def _write(link, direction, now):
    """Returns False if the connection is broken."""
    waiting, proxy = link.outgoing[direction], link.proxy
    try:
      while waiting and waiting[0][0] <= now:
        if proxy.drip:
          not_before, data = waiting[0]
          link.sockets[direction].send(data[:1])
          waiting.popleft()
          if len(data) > 1:
            waiting.appendleft((not_before, data[1:]))
          proxy.drip -= 1
          if proxy.drip % 16 == 0:
            return True
          continue
        data = []
        while waiting and waiting[0][0] <= now:
          data.append(waiting.popleft()[1])
        data = b"".join(data)
        try:
          sent = link.sockets[direction].send(data)
        except BlockingIOError:
          sent = 0
        if sent < len(data):
          waiting.appendleft((0.0, data[sent:]))
          return True
      return True
    except BlockingIOError:
      return True
    except OSError:
      return False
