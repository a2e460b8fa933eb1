"""The variant "cluster": the schedules are in a Redis cluster of three primaries with a replica each, and so are the
queues, which have the same hash tag. The slot's primary is killed, stopped and replaced, and the slot is moved from node
to node.

The judge is that of "failover": the queue on the slot's node must hold each occurrence once, and none may be missing.
"""

import pathlib
import signal
import time

import failover
import faults
from failover import Failover, FailoverStage
from sentinel import GONE, Group, Node, free_ports
from servers import SERVER, TAG, spawn
from writer import QUEUE

NODES = 6  # the first three begin as primaries


class ClusterNode(Node):
  def __init__(self, number, port, bus, folder):
    super().__init__(number, port, folder)
    self.bus = bus

  def start(self, primary=None):
    pathlib.Path(self.path).unlink(missing_ok=True)
    with open(self.folder / "redis.log", "ab") as log:
      self.process = spawn(
        [SERVER, "--port", self.port, "--bind", "127.0.0.1", "--unixsocket", self.path, "--dir", self.folder,
         "--save", "", "--appendonly", "yes", "--appendfsync", "no", "--repl-diskless-sync-delay", "0",
         "--repl-backlog-size", "16mb", "--cluster-enabled", "yes", "--cluster-port", self.bus,
         "--cluster-node-timeout", "1000", "--cluster-replica-validity-factor", "0",
         "--cluster-allow-replica-migration", "no"], stdout=log, stderr=log)
    self.starts += 1

  @property
  def id(self):
    return (self.ask("CLUSTER", "MYID") or b"").decode()

  def own_line(self):
    """What the node says of itself: the words of its line in CLUSTER NODES; None: it does not answer."""
    lines = (self.ask("CLUSTER", "NODES") or b"").decode().splitlines()
    return next((line.split() for line in lines if "myself" in line), None)

  def claim(self, slot):
    """(its configuration epoch, whether the slot is being moved) if it has the slot as a primary; else None."""
    words = self.own_line()
    if not words or "master" not in words[2]:
      return None
    ranges = [word.split("-") for word in words[8:] if not word.startswith("[")]
    if not any(int(ends[0]) <= slot <= int(ends[-1]) for ends in ranges):
      return None
    return int(words[6]), any(word.startswith(f"[{slot}-") for word in words[8:])

  def is_at_work(self):
    return b"cluster_state:ok" in (self.ask("CLUSTER", "INFO") or b"")


class ClusterGroup(Group):
  replicas = 1

  def __init__(self, folder):
    ports = free_ports(2 * NODES)
    self.nodes = [ClusterNode(number, ports[number], ports[NODES + number], folder) for number in range(NODES)]
    self.slot = None

  def url(self, _):
    """Every node, so that a daemon finds the cluster whichever is down when it starts."""
    return ";".join(f"redis://127.0.0.1:{node.port}" for node in self.nodes) + "/0"

  def start(self):
    for node in self.nodes:
      node.start()
    self.process = self.nodes[0].process
    self.await_(lambda: all(node.role() for node in self.nodes), 30, "the servers do not answer")
    for number, node in enumerate(self.nodes):
      node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
      if number < 3:
        node.ask("CLUSTER", "ADDSLOTSRANGE", number * 5461, 16383 if number == 2 else number * 5461 + 5460)
      if number:
        self.nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", node.port, node.bus)
    self.slot = self.nodes[0].ask("CLUSTER", "KEYSLOT", TAG)
    known = f"cluster_known_nodes:{NODES}\r".encode()
    self.await_(lambda: all(known in (node.ask("CLUSTER", "INFO") or b"") for node in self.nodes), 30,
                "the nodes do not find each other")
    for node, primary in zip(self.nodes[3:], self.nodes):
      self.await_(lambda node=node, primary=primary: node.ask("CLUSTER", "REPLICATE", primary.id) == b"OK", 30,
                  "a node does not become a replica")
    self.await_(self.is_whole, 60, "the cluster is not whole")

  def kill(self):
    for node in self.nodes:
      if node.is_alive:
        node.signal(signal.SIGCONT)
        node.kill()

  # --- who has the slot ---

  def primary(self):
    """The node that has the slot; None: there is none."""
    claims = [(claim[0], node.number) for node in self.nodes if node.is_alive and (claim := node.claim(self.slot))]
    return self.nodes[max(claims)[1]] if claims else None

  def client(self, _=0, timeout=1.0):
    if not self.cached or not self.cached.is_alive or not self.cached.claim(self.slot):
      self.cached = self.primary()
    if self.cached is None:
      raise OSError("no node has the slot just now")
    return self.cached.client(0, timeout)

  def replica_of(self, primary):
    """The node that follows a primary; None: there is none."""
    role = primary.role() or [b"", 0, []]
    ports = {int(replica[1]) for replica in role[2]} if role[0] == b"master" else set()
    return next((node for node in self.nodes if node.port in ports), None)

  def is_whole(self):
    """Whether all nodes are at work, and each primary has a replica that follows it."""
    primaries = 0
    for node in self.nodes:
      role = node.is_alive and node.is_at_work() and node.role()
      if not role:
        return False
      if role[0] == b"master":
        primaries += 1
        if len(role[2]) != 1:
          return False
      elif role[3] != b"connected":
        return False
    primary = self.primary()
    return primaries == 3 and bool(primary) and not primary.claim(self.slot)[1]

  # --- faults ---

  def heal(self):
    for node in self.nodes:
      if node.is_alive:
        node.signal(signal.SIGCONT)
    self.let_go()
    self.bring_back()

  def bring_back(self):
    """Starts what is down. A server with an old log must not come back before another one has its place."""
    primary = self.primary()
    for node in self.nodes:
      if not node.is_alive and (not node.has_old_log or primary):
        node.start()

  def move(self, pause):
    """Moves the slot to another primary, key after key. Returns False if it cannot be moved now."""
    source = self.primary()
    targets = [node for node in self.nodes if node is not source and (node.role() or [b""])[0] == b"master"]
    if not source or not targets or not self.is_whole():
      return False
    target = targets[0]
    target.ask("CLUSTER", "SETSLOT", self.slot, "IMPORTING", source.id)
    source.ask("CLUSTER", "SETSLOT", self.slot, "MIGRATING", target.id)
    while keys := source.ask("CLUSTER", "GETKEYSINSLOT", self.slot, 1):
      source.ask("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
      time.sleep(pause)
    new = target.id
    for node in (target, source, *self.nodes):
      node.ask("CLUSTER", "SETSLOT", self.slot, "NODE", new)
    return True


class ClusterStage(FailoverStage):
  def __init__(self, *arguments):
    super().__init__(*arguments)
    for daemon in self.daemons:
      daemon.environment |= {
        # A broker has one address. It is a node that the store's URL names, and so the same cluster.
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{self.redis.nodes[0].port}/0",
        "CELERY_REDIS_SCHEDULER_KEY_PREFIX": f"{TAG}:tasks:", "CELERY_TASK_DEFAULT_QUEUE": QUEUE}

  def make_redis(self):
    return ClusterGroup(self.folder)


class ClusterFault(Failover):
  variants = ("cluster",)

  def await_another(self, node, seconds=15):
    try:
      super().await_another(node, seconds)
    except GONE:
      pass


class PrimaryKilled(ClusterFault, failover.PrimaryKilled):
  name = "slot's primary: kill -9"

  def strike(self):
    # Of two nodes that are down at once, one could be the last with the data.
    return failover.PrimaryKilled.strike(self) if self.group.is_whole() else self.none()

  def none(self):
    self.node = None
    return False


class PrimaryStopped(ClusterFault, failover.PrimaryStopped):
  name = "slot's primary: SIGSTOP"

  def strike(self):
    if self.group.is_whole():
      return failover.PrimaryStopped.strike(self)
    self.node = None
    return False


class PrimaryRestarted(ClusterFault, failover.PrimaryRestarted):
  name = "slot's primary: restart"

  def strike(self):
    return failover.PrimaryRestarted.strike(self) if self.group.is_whole() else False


class ReplicasBehind(ClusterFault, failover.ReplicasBehind):
  name = "cluster's replicas behind"


class Commanded(ClusterFault):
  """The replica takes over: with all data, or at once."""
  name = "CLUSTER FAILOVER"

  @staticmethod
  def choose(r):
    return {"behind_ms": r.choice([0, 0, 400])}

  def strike(self):
    self.node = self.group.primary()
    replica = self.node and self.group.replica_of(self.node)
    if not replica:
      return False
    self.hold_back()
    words = ("FORCE",) if self.values["behind_ms"] else ()
    self.is_under_way = replica.ask("CLUSTER", "FAILOVER", *words) == b"OK"
    return self.is_under_way

  def heal(self):
    self.group.let_go()
    if self.node and getattr(self, "is_under_way", False):
      self.await_another(self.node)


class SlotMoved(ClusterFault):
  name = "slot moved"
  weight = 3

  @staticmethod
  def choose(r):
    return {"pause_ms": r.choice([0, 2, 10])}

  def strike(self):
    return self.group.move(self.values["pause_ms"] / 1000)


ALL = [ReplicasBehind, SlotMoved, Commanded, PrimaryStopped, PrimaryRestarted, PrimaryKilled]
faults.PHASES_OF["cluster"] = failover.PHASES
