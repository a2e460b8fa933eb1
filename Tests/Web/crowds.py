"""Many clients, slow ones, and such that take nothing: others must be answered, and memory and descriptors must stay."""

import socket
import threading
import time

from measures import memory
from register import attack
from visitors import Connection, NoAnswer, request
from webstage import document, id_of

MEMORY = 64  # MiB that an attack may make a process grow by


def leave(connections):
  for connection in connections:
    connection.close()


def answered(address, target, host="127.0.0.1", tries=5):
  """(how many of some requests are answered with 200, the longest time for one)."""
  good, longest = 0, 0
  for _ in range(tries):
    begin = time.monotonic()
    try:
      with Connection(address, timeout=5) as connection:
        connection.send(request("GET", target, {"Connection": "close"}, host=host))
        good += connection.response().status == 200
    except (OSError, NoAnswer):
      pass
    longest = max(longest, time.monotonic() - begin)
  return good, longest


class Crowd:
  """So many connections that have sent `first` and then drip. One that is ended is opened again."""

  def __init__(self, address, count, first, drip):
    self.address, self.first, self.drip = address, first, drip
    self.open = [None] * count
    self.again = 0
    self.is_over = False
    self.is_complete = threading.Event()
    self.thread = threading.Thread(target=self._keep, daemon=True)
    self.thread.start()

  def _keep(self):
    while not self.is_over:
      for place, connection in enumerate(self.open):
        if self.is_over:
          return
        if connection is None or self._is_ended(connection):
          self.again += connection is not None
          self.open[place] = self._begin()
      self.is_complete.set()
      time.sleep(0.05)

  def _begin(self):
    connection = socket.socket()
    connection.settimeout(0.5)
    try:
      connection.connect(self.address)
      connection.sendall(self.first)
      connection.setblocking(False)
      return connection
    except OSError:
      connection.close()

  def _is_ended(self, connection):
    try:
      if not connection.recv(1 << 16):
        raise EOFError
    except BlockingIOError:
      pass
    except (OSError, EOFError):
      connection.close()
      return True
    try:
      if self.drip:
        connection.send(self.drip)
    except OSError:
      connection.close()
      return True
    return False

  def end(self):
    self.is_over = True
    self.thread.join()
    for connection in self.open:
      if connection:
        connection.close()


def held(a, address, target, what, first, drip=b"", count=600):
  """A crowd that holds connections: others must be answered all the same."""
  crowd = Crowd(address, count, first, drip)
  crowd.is_complete.wait(5)
  try:
    good, longest = answered(address, target, tries=10)
    a.holds(good >= 9, f"{what}: {good} of 10 requests for {target} are answered while {count} connections are held")
    a.holds(longest < 4, f"{what}: one of them takes {longest:.1f} s")
  finally:
    crowd.end()


@attack("600 slow connections: the page", "crowds")
def slow_page(a):
  """Heads that come byte by byte, a body that never comes, and a next request's first byte behind a complete one."""
  site = a.stage.site()
  before = site.descriptors
  host = b"Host: 127.0.0.1\r\n"
  held(a, site.address, "/", "half a head", b"GET / HTTP/1.1\r\n" + host + b"X-A: ", b"a")
  held(a, site.address, "/", "nothing at all", b"")
  held(a, site.address, "/", "a body that does not come",
       b"POST /api/v1/check HTTP/1.1\r\n" + host + b"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{",
       b" ")
  held(a, site.address, "/", "a byte behind a complete request", b"GET /x HTTP/1.1\r\n" + host + b"\r\nG", b"E")
  held(a, site.address, "/", "a refused request whose sender stays", b"x\r\n\r\n")
  held(a, site.address, "/", "a last request whose sender stays", request("GET", "/x", {"Connection": "close"}))
  deadline = time.monotonic() + 15
  while site.descriptors > before + 8 and time.monotonic() < deadline:
    time.sleep(0.2)
  a.holds(site.descriptors <= before + 8, f"{site.descriptors - before} descriptors are left over")


@attack("600 slow connections: the daemon's /livez, and its firing", "crowds")
def slow_daemon(a):
  """The same against `run --http-listen`, while the schedule of one second must be on time."""
  begin = time.time_ns() // 1000
  address = a.stage.endpoint.address
  host = b"Host: 127.0.0.1\r\n"
  held(a, address, "/livez", "half a head", b"GET / HTTP/1.1\r\n" + host + b"X-A: ", b"a")
  held(a, address, "/livez", "nothing at all", b"")
  held(a, address, "/livez", "a byte behind a complete request", b"GET /livez HTTP/1.1\r\n" + host + b"\r\nG", b"E")
  held(a, address, "/livez", "a refused request whose sender stays", b"x\r\n\r\n")
  held(a, address, "/livez", "a last request whose sender stays", request("GET", "/livez", {"Connection": "close"}))
  fired(a, begin)


def fired(a, begin):
  missing, late = a.stage.victim_since(begin)
  a.holds(missing == 0, f"{missing} of the victim's fires are missing")
  a.holds(late < 250, f"a fire of the victim is {late:.0f} ms late")


def swallowed(a, what, address, pid, request, seconds, connections=4, reads=False):
  """Sends requests without end and takes no answer, or all of them. One that is ended is opened again."""
  before = memory(pid)[0]
  sent, peak, end = 0, before, time.monotonic() + seconds
  block = request * max(1, 60_000 // len(request))
  pending = {}
  while time.monotonic() < end:
    while len(pending) < connections:
      sender = Connection(address, receive_buffer=None if reads else 4096)
      sender.socket.setblocking(False)
      pending[sender] = block
    for sender in list(pending):
      try:
        if reads:
          try:
            if not sender.socket.recv(1 << 20):
              raise ConnectionError
          except BlockingIOError:
            pass
        count = sender.socket.send(pending[sender])
        sent += count
        pending[sender] = pending[sender][count:] or block
      except BlockingIOError:
        pass
      except OSError:
        sender.close()
        del pending[sender]
    peak = max(peak, memory(pid)[0])
    time.sleep(0.002)
  good, longest = answered(address, "/livez" if address == a.stage.endpoint.address else "/")
  leave(pending)
  a.holds(peak - before < MEMORY, f"{what}: {peak - before:.0f} MiB more after {sent:,} bytes of requests")
  a.holds(good == 5 and longest < 4,
          f"{what}: {good} of 5 requests of others are answered meanwhile, within {longest:.1f} s")
  a.note(f"{what}: {peak - before:.0f} MiB more, {sent:,} bytes sent")


@attack("requests without end whose answers nobody takes", "crowds")
def takes_nothing(a):
  """Pipelined requests for long answers on a few connections that are never read."""
  site, seconds = a.stage.site(), 1 if a.is_short else 4
  swallowed(a, "the page's style", site.address, site.pid, request("GET", "/assets/page.css"), seconds)
  swallowed(a, "the list", site.address, site.pid, request("GET", "/api/v1/schedules"), seconds)
  begin = time.time_ns() // 1000
  swallowed(a, "the daemon's metrics", a.stage.endpoint.address, a.stage.daemon.pid, request("GET", "/metrics"),
            seconds + 1)
  fired(a, begin)


@attack("requests without end whose answers are taken", "crowds")
def takes_all(a):
  """Pipelined requests as fast as they can be sent, by a client that reads: neither memory nor others may suffer."""
  site, seconds = a.stage.site(), 1 if a.is_short else 4
  swallowed(a, "the page", site.address, site.pid, request("GET", "/none"), seconds, reads=True)
  begin = time.time_ns() // 1000
  swallowed(a,
            "the daemon's /livez",
            a.stage.endpoint.address,
            a.stage.daemon.pid,
            request("GET", "/livez"),
            seconds + 1,
            reads=True)
  fired(a, begin)


@attack("bodies that wait for their last byte, without a login", "crowds")
def waiting_bodies(a):
  """6 MB each on 60 connections of somebody who has not logged in."""
  site = a.stage.site("tokens")
  before = memory(site.pid)[0]
  size = 6_000_000
  head = request("POST", "/api/v1/session", {"Content-Type": "application/json", "Content-Length": size})
  connections = []
  for _ in range(60):
    connection = Connection(site.address, timeout=5)
    connections.append(connection)
    try:
      connection.send(head + b" " * (size - 1))
    except OSError:
      pass
  time.sleep(0.5)
  grown = memory(site.pid)[0] - before
  good, longest = answered(site.address, "/")
  leave(connections)
  a.holds(good == 5 and longest < 2, f"{good} of 5 requests are answered meanwhile, within {longest:.1f} s")
  a.holds(grown < MEMORY, f"{grown:.0f} MiB more for 60 connections without a login; 512 are allowed")


def listen(visitor, query="", receive_buffer=None):
  connection = Connection(visitor.site.address, timeout=10, receive_buffer=receive_buffer)
  connection.send(request("GET", "/api/v1/events" + query, visitor.fields()))
  return connection


@attack("201 listeners for events, and slow ones", "crowds")
def listeners(a):
  """The 201st is refused, the others hear; those that take nothing are left behind, and cost no memory."""
  site = a.stage.site()
  visitor = site.visitor()
  before, descriptors = memory(site.pid)[0], site.descriptors
  open_ones = []
  try:
    for _ in range(200):
      open_ones.append(listen(visitor))
    statuses = [connection.head()[0] for connection in open_ones]
    a.holds(statuses == [200] * 200, f"of 200 listeners {statuses.count(200)} are served")
    with listen(visitor) as last:
      a.holds((status := last.head()[0]) == 429, f"the 201st listener gets {status}")
    good, longest = answered(site.address, "/")
    a.holds(good == 5, f"{good} of 5 requests are answered beside 200 listeners")
  finally:
    leave(open_ones)
  deadline = time.monotonic() + 20
  while time.monotonic() < deadline:
    with listen(visitor) as again:
      if again.head()[0] == 200:
        break
    time.sleep(0.2)
  else:
    a.holds(False, "20 s after all listeners have gone a new one is refused")
  # Slow ones: long rows that change all the time, which nobody takes.
  names = [f"slow-{n}" for n in range(60)]
  ids = ",".join(id_of(name) for name in names)
  slow = [listen(visitor, "?ids=" + ids, 4096) for _ in range(40)]
  try:
    for round in range(3 if a.is_short else 20):
      for name in names:
        a.stage.put(name, document(name, task="tasks." + "x" * 900, total_run_count=round))
      time.sleep(0.3)
    grown = memory(site.pid)[0] - before
    a.holds(grown < 2 * MEMORY, f"{grown:.0f} MiB more for 40 listeners that take nothing")
  finally:
    leave(slow)
    a.stage.remove(*names)
  deadline = time.monotonic() + 20
  while site.descriptors > descriptors + 8 and time.monotonic() < deadline:
    time.sleep(0.2)
  a.holds(site.descriptors <= descriptors + 8, f"{site.descriptors - descriptors} descriptors are left over")


@attack("a crowd that comes and goes", "crowds")
def comes_and_goes(a):
  """Connections that are reset at every moment of a request; descriptors and memory must not grow."""
  site = a.stage.site()
  visitor = site.visitor()
  before, descriptors = memory(site.pid)[0], site.descriptors
  data = request("POST", "/api/v1/check", visitor.fields({"Content-Type": "application/json"}),
                 b'{"id": null, "name": "x", "document": "{}"}')
  stream = request("GET", "/api/v1/events", visitor.fields())

  def go(count):
    for n in range(count):
      try:
        with Connection(site.address, timeout=5) as connection:
          connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
          connection.send(stream if n % 5 == 0 else data[:1 + n * 7 % len(data)])
          if n % 3 == 0:
            time.sleep(0.001)
      except OSError:
        pass

  rounds = 150 if a.is_short else 600
  threads = [threading.Thread(target=go, args=(rounds, )) for _ in range(4)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  a.tried += 4 * rounds
  good, longest = answered(site.address, "/")
  a.holds(good == 5, f"{good} of 5 requests are answered after it")
  deadline = time.monotonic() + 20
  while site.descriptors > descriptors + 8 and time.monotonic() < deadline:
    time.sleep(0.2)
  a.holds(site.descriptors <= descriptors + 8, f"{site.descriptors - descriptors} descriptors are left over")
  grown = memory(site.pid)[0] - before
  a.holds(grown < MEMORY, f"{grown:.0f} MiB more")
