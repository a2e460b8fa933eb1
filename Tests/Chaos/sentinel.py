"""A primary, two replicas and three sentinels that watch over them."""

import pathlib
import signal
import socket
import time

from resp import Client, Refused
from servers import SERVER, spawn

MASTER = "chaos"
GONE = (OSError, EOFError, Refused)


def free_ports(count):
  listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
  ports = [listener.getsockname()[1] for listener in listeners]
  for listener in listeners:
    listener.close()
  return ports


class Node:
  """One redis-server. It keeps what it has acknowledged through `kill`, with an exception: after it has copied another
  server's data, it would come back with its old data until its log is rewritten."""

  def __init__(self, number, port, folder, security=None):
    self.security = security
    self.number = number
    self.port = port
    self.folder = pathlib.Path(folder) / f"node-{number}"
    self.folder.mkdir()
    self.path = str(self.folder / "s")
    self.process = None
    self.has_old_log = False
    self.starts = 0

  def start(self, primary=None):
    """Starts the server as a replica of `primary`, a port."""
    pathlib.Path(self.path).unlink(missing_ok=True)
    replica = ["--replicaof", "127.0.0.1", primary] if primary else []
    listening = self.security.server(self.port) if self.security else ["--port", self.port]
    self.generation = self.security and self.security.generation
    with open(self.folder / "redis.log", "ab") as log:
      self.process = spawn(
        [SERVER, *listening, "--bind", "127.0.0.1", "--unixsocket", self.path, "--dir", self.folder,
         "--save", "", "--appendonly", "yes", "--appendfsync", "no", "--repl-diskless-sync-delay", "0",
         "--repl-backlog-size", "16mb", *replica], stdout=log, stderr=log)
    self.starts += 1

  @property
  def is_alive(self):
    return self.process is not None and self.process.poll() is None

  def client(self, database=0, timeout=1.0):
    return Client(self.path, database, timeout, self.security and self.security.server_password)

  def ask(self, *parts):
    """The reply to a command; None: the server does not answer, or refuses."""
    try:
      client = self.client()
      try:
        return client(*parts)
      finally:
        client.close()
    except GONE:
      return None

  def keeps_all(self):
    """Whether the server would come back with all its data."""
    state = self.ask("INFO", "persistence") or b""
    return b"aof_rewrite_in_progress:0" in state and b"aof_rewrite_scheduled:0" in state

  def role(self):
    """("master", …) or ("slave", …); None: the server does not answer."""
    return self.ask("ROLE")

  def kill(self):
    self.has_old_log = not self.keeps_all()
    self.process.kill()
    self.process.wait()

  def signal(self, number):
    self.process.send_signal(number)


class Sentinel:
  def __init__(self, number, port, folder, primary, security=None):
    self.security = security
    self.folder = pathlib.Path(folder) / f"sentinel-{number}"
    self.folder.mkdir()
    self.port = port
    self.path = str(self.folder / "s")
    self.process = None
    # Sentinels store what they learn in this file.
    self.file = self.folder / "sentinel.conf"
    listening, login = security.sentinel(port) if security else (f"port {port}\n", "")
    self.file.write_text(
      f"{listening}bind 127.0.0.1\nunixsocket {self.path}\ndir {self.folder}\n"
      f"sentinel monitor {MASTER} 127.0.0.1 {primary} 2\n"
      f"sentinel down-after-milliseconds {MASTER} 1000\nsentinel failover-timeout {MASTER} 2000\n"
      f"sentinel parallel-syncs {MASTER} 2\n{login}")

  def start(self):
    pathlib.Path(self.path).unlink(missing_ok=True)
    self.generation = self.security and self.security.generation
    with open(self.folder / "sentinel.log", "ab") as log:
      self.process = spawn([SERVER, self.file, "--sentinel"], stdout=log, stderr=log)

  def kill(self):
    self.process.kill()
    self.process.wait()

  ask = Node.ask

  def client(self, database=0, timeout=1.0):
    return Client(self.path, database, timeout, self.security and ("watch", self.security.sentinel_password))

  def primary(self):
    """The port of the primary that this sentinel names."""
    answer = self.ask("SENTINEL", "get-master-addr-by-name", MASTER)
    return int(answer[1]) if answer else None

  def knows_all(self):
    """Whether the sentinel has found the replicas and the other sentinels."""
    words = self.ask("SENTINEL", "master", MASTER) or []
    fields = dict(zip(words[::2], words[1::2]))
    return fields.get(b"num-slaves") == b"2" and fields.get(b"num-other-sentinels") == b"2"


class Group:
  """Servers of which one is the primary at a time. It takes the place of the other variants' single server: `client`
  connects to that one. `replicas`: how many follow it."""

  path = process = cached = security = None

  @property
  def starts(self):
    return sum(node.starts for node in self.nodes)

  def await_(self, condition, seconds, problem):
    deadline = time.monotonic() + seconds
    while not condition():
      if time.monotonic() > deadline:
        raise RuntimeError(f"{problem}, within {seconds} s")
      time.sleep(0.02)

  # --- faults ---

  def hold_back(self):
    """Keeps the replicas from following the primary until `let_go`."""
    for node in self.nodes:
      node.ask("CONFIG", "SET", "masterauth", "wrong")
    primary = self.primary()
    return bool(primary and primary.ask("CLIENT", "KILL", "TYPE", "replica"))

  def let_go(self):
    for node in self.nodes:
      if node.is_alive:
        node.ask("CONFIG", "SET", "masterauth", self.security.server_password if self.security else "")


class SentinelGroup(Group):
  """The primary is the server that the sentinels name."""

  replicas = 2

  def __init__(self, folder, security=None):
    ports = free_ports(6)
    self.security = security
    self.nodes = [Node(number, ports[number], folder, security) for number in range(3)]
    self.sentinels = [Sentinel(number, ports[3 + number], folder, ports[0], security) for number in range(3)]

  def url(self, database):
    scheme, login, query = "sentinel://", "", ""
    if security := self.security:
      scheme, login, query = "rediss+sentinel://", f"{security.user}:{security.password}@", security.query
    hosts = ";".join(f"{scheme}{login}127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
    return f"{hosts}/{database}{query}"

  def start(self):
    first = self.nodes[0]
    first.start()
    for node in self.nodes[1:]:
      node.start(first.port)
    self.await_(lambda: all(node.role() for node in self.nodes), 30, "the servers do not answer")
    for sentinel in self.sentinels:
      sentinel.start()
    self.process = first.process
    self.await_(lambda: all(sentinel.knows_all() for sentinel in self.sentinels), 60, "the sentinels do not find each other")
    self.await_whole(30)

  def kill(self):
    for each in self.sentinels + self.nodes:
      if each.process and each.process.poll() is None:
        each.process.send_signal(signal.SIGCONT)
        each.kill()

  # --- who is the primary ---

  def named(self):
    """The node that the sentinels name; None: they disagree, or none answers."""
    ports = {sentinel.primary() for sentinel in self.sentinels if sentinel.process.poll() is None}
    return next((node for node in self.nodes if ports == {node.port}), None)

  def primary(self):
    """The node that the sentinels name, if it is a primary; None: it is not, or there is none."""
    node = self.named()
    role = node and node.role()
    return node if role and role[0] == b"master" else None

  def client(self, database=0, timeout=1.0):
    node = self.cached
    role = node and node.role()
    if not role or role[0] != b"master" or node is not self.named():
      node = self.cached = self.primary()
    if node is None:
      raise OSError("there is no primary just now")
    return node.client(database, timeout)

  def is_whole(self):
    """Whether there is one primary with two replicas that follow it, and all sentinels know that."""
    primary = self.primary()
    if not primary or len((primary.role() or [0, 0, []])[2]) != 2:
      return False
    if any(sentinel.process.poll() is not None for sentinel in self.sentinels):
      return False
    for node in self.nodes:
      role = node.role()
      if node is not primary and not (role and role[0] == b"slave" and role[2] == primary.port and role[3] == b"connected"):
        return False
    return True

  def await_whole(self, seconds):
    self.await_(self.is_whole, seconds, "there is no primary with two replicas")

  # --- faults ---

  def heal(self):
    """Lets everything run again. A server that was down comes back as a replica if another one has replaced it."""
    for each in self.nodes:
      if each.is_alive:
        each.signal(signal.SIGCONT)
    for sentinel in self.sentinels:
      if sentinel.process.poll() is not None:
        sentinel.start()
    self.let_go()
    self.bring_back()

  def bring_back(self):
    down = [node for node in self.nodes if not node.is_alive]
    if down:
      named = self.named()
      for node in down:
        if named not in (None, node):
          node.start(named.port)
        elif not node.has_old_log:
          node.start()
