"""The faults, and the phases in which they strike. The seed and an iteration's number decide what happens in it; they
do not decide what the daemons are doing at that moment."""

import random
import signal
import time

from proxy import TO_CLIENT, TO_SERVER, Trap
from servers import LEASE

ERRORS = [
  "LOADING Redis is loading the dataset in memory", "READONLY You can't write against a read only replica.",
  "BUSY Redis is busy running a script.", "OOM command not allowed when used memory > 'maxmemory'.",
  "NOSCRIPT No matching script.", "MISCONF Redis is configured to save RDB snapshots, but it is unable to.",
  "MASTERDOWN Link with MASTER is down", "NOREPLICAS Not enough good replicas to write.",
  "CLUSTERDOWN The cluster is down", "TRYAGAIN Multiple keys request during rehashing of slot",
  "EXECABORT Transaction discarded because of previous errors.", "NOAUTH Authentication required.",
  "ERR max number of clients reached"]

# Phase -> the trap that catches it: the kinds of requests, and where they are stopped.
PHASES = {
  "any time": None,
  "just before due": None,
  "fire sent": ({"fire"}, "request"),
  "fire done, no reply": ({"fire"}, "reply"),
  "reply, no echo": ({"fire"}, "echo"),
  "document read": ({"read"}, "reply"),
  "renewal sent": ({"heartbeat", "pulse"}, "request"),
  "renewal done": ({"heartbeat", "pulse"}, "reply"),
  "subscribing": ({"psubscribe"}, "request"),
  "scanning": ({"scan"}, "reply"),
  "stopping": None,
  "lease given back": ({"release"}, "request"),
}
PHASES_OF = {}  # variant -> its phases, where they are others
FIRING = ("fire sent", "fire done, no reply", "reply, no echo")
RECONNECTING = ("subscribing", "scanning")
STOPPING = ("stopping", "lease given back")
PATIENCE = 1.5  # seconds until a phase is given up; a leader goes through all of them in much less


SINGLE = ("strict", "lossy", "clock", "broker", "rabbitmq", "managed")  # the variants whose servers have no replicas and are behind proxies


class Fault:
  """`strike` begins the fault at the daemon `number`, and returns False if it could not; `heal` ends it. `values` are
  made from the seed."""

  weight = 2
  variants = ("strict", "lossy", "clock", "failover", "failover-tls", "cluster", "broker", "rabbitmq", "managed")

  def __init__(self, stage, number, values):
    self.stage = stage
    self.number = number
    self.values = values
    self.daemon = stage.daemons[number]
    self.proxy = stage.proxy_of(number)

  @staticmethod
  def choose(_):
    return {}

  def strike(self):
    raise NotImplementedError

  def heal(self):
    pass

  @property
  def others(self):
    return [proxy for proxy in self.stage.proxies if proxy is not self.proxy]


class RedisKilled(Fault):
  name = "redis: kill -9"
  variants = ("strict", "clock", "broker", "rabbitmq", "managed")

  def strike(self):
    self.stage.redis.kill()

  def heal(self):
    self.stage.redis.start()


class RedisForgets(Fault):
  name = "redis: old data"
  weight = 4
  variants = ("lossy",)

  @staticmethod
  def choose(r):
    return {"taken": r.random() < 0.5}

  def strike(self):
    self.stage.writer.lock.acquire()
    if self.values["taken"]:  # Workers have taken what was there.
      self.stage.replay()
    self.stage.redis.kill()
    self.stage.ledger.roll_back()

  def heal(self):
    self.stage.redis.start_with_old_data()
    self.stage.roll_back()
    self.stage.writer.lock.release()


class RedisStopped(Fault):
  name = "redis: SIGSTOP"
  variants = SINGLE

  def strike(self):
    self.stage.redis.signal(signal.SIGSTOP)

  def heal(self):
    self.stage.redis.signal(signal.SIGCONT)


class DaemonKilled(Fault):
  name = "daemon: kill -9"
  weight = 3

  def strike(self):
    self.daemon.kill()


class DaemonStopped(Fault):
  name = "daemon: SIGSTOP"

  def strike(self):
    self.daemon.signal(signal.SIGSTOP)

  def heal(self):
    self.daemon.signal(signal.SIGCONT)


class DaemonStoppedLong(DaemonStopped):
  name = "daemon: SIGSTOP > lease"

  @staticmethod
  def choose(r):
    return {"act_ms": r.randint(1100, 1600)}


class DaemonTerminated(Fault):
  name = "daemon: SIGTERM"

  def strike(self):
    self.daemon.terminate()


class Cut(Fault):
  name = "cut"
  weight = 3
  variants = SINGLE

  @staticmethod
  def choose(r):
    return {"which": r.choice(["both", "commands", "stream"]), "reset": r.random() < 0.5}

  def strike(self):
    self.stage.wire.disconnect(self.proxy, self.values["which"], self.values["reset"])


class CutBytes(Fault):
  name = "cut after n bytes"
  variants = SINGLE

  @staticmethod
  def choose(r):
    return {"direction": r.choice([TO_SERVER, TO_CLIENT]), "bytes": r.choice([1, 2, 5, 40, 300, 2000])}

  def strike(self):
    self.proxy.cut = (self.values["direction"], self.values["bytes"])
    self.stage.wire.release_held(self.proxy)


class Delay(Fault):
  name = "delay"
  variants = SINGLE

  @staticmethod
  def choose(r):
    return {"ms": r.choice([5, 20, 60, 150, 400])}

  def strike(self):
    self.proxy.delay = self.values["ms"] / 1000
    self.stage.wire.release_held(self.proxy)


class OthersDelayed(Fault):
  """The daemon that takes over is slow, and what the old leader has sent may still arrive."""

  name = "delay of the others"
  variants = SINGLE

  @staticmethod
  def choose(r):
    return {"ms": r.choice([60, 150, 400]), "act_ms": r.choice([0, 0, 1200, 1500])}

  def strike(self):
    for proxy in self.others:
      proxy.delay = self.values["ms"] / 1000

  def heal(self):
    # The messages of the old leader that are held back are released first.
    self.stage.wire.release(self.proxy)
    for proxy in self.others:
      self.stage.wire.release(proxy)


class CopyHeardLate(Fault):
  """All copies are written, some run, and all are written once more, byte for byte. The other daemons get the events
  after the first write late: only the watermark tells them which have run."""

  name = "same copy, heard late"

  @staticmethod
  def choose(r):
    return {"ms": r.choice([400, 800, 1500]), "run_ms": r.choice([50, 150, 300])}

  def strike(self):
    if not self._deploy():
      return False
    time.sleep(0.02)
    for proxy in self.others:
      proxy.event_delay = self.values["ms"] / 1000
    time.sleep(self.values["run_ms"] / 1000)
    return self._deploy()

  def _deploy(self):
    writer = self.stage.writer
    if not writer.lock.acquire(timeout=0.5):
      return False
    try:
      return writer.attempt(writer.deploy)
    finally:
      writer.lock.release()

  def heal(self):
    for proxy in self.others:
      self.stage.wire.release(proxy)


class Stall(Fault):
  name = "stop reading"
  variants = SINGLE

  @staticmethod
  def choose(r):
    return {"act_ms": r.choice([100, 300, 700, 700, 3000])}

  def strike(self):
    self.proxy.stalled_until = time.monotonic() + self.values["act_ms"] / 1000


class Drip(Fault):
  name = "one byte at a time"
  variants = SINGLE

  @staticmethod
  def choose(r):
    return {"bytes": r.choice([50, 200, 800])}

  def strike(self):
    self.proxy.drip = self.values["bytes"]
    self.stage.wire.release_held(self.proxy)


class ErrorReply(Fault):
  name = "error reply"
  weight = 4
  variants = SINGLE

  @staticmethod
  def choose(r):
    return {"error": r.choice(ERRORS), "skip": r.choice([0, 0, 0, 1, 3]), "count": r.choice([1, 1, 2, 5]),
            "carried_out": r.random() < 0.3}

  def strike(self):
    if not self.proxy.speaks_resp:
      return False
    values = self.values
    # The server answers NOSCRIPT only if the script did not run: no server lies about that.
    is_carried_out = values["carried_out"] and not values["error"].startswith("NOSCRIPT")
    answer = (b"-" + values["error"].encode() + b"\r\n", is_carried_out)
    self.proxy.errors = [None] * values["skip"] + [answer] * values["count"]
    self.stage.wire.release_held(self.proxy)


class Garbage(Fault):
  name = "garbage"
  weight = 1
  variants = SINGLE

  @staticmethod
  def choose(r):
    return {"data": r.choice(["\0\0\0", "HTTP/1.1 400 Bad Request\r\n\r\n", "$-7\r\n", "*99999999\r\n", "!!\r\n"])}

  def strike(self):
    self.stage.wire.send_garbage(self.proxy, self.values["data"].encode())


class ClientKill(Fault):
  name = "CLIENT KILL"

  @staticmethod
  def choose(r):
    return {"type": r.choice(["normal", "pubsub"])}

  def strike(self):
    return bool(self.stage.command("CLIENT", "KILL", "TYPE", self.values["type"], "SKIPME", "yes"))


class NotificationsOff(Fault):
  name = "notifications off"
  weight = 1
  # A provider keeps this setting out of its users' reach.
  variants = tuple(variant for variant in Fault.variants if variant != "managed")

  def strike(self):
    return self.stage.command("CONFIG", "SET", "notify-keyspace-events", "") is not None


class ScriptFlush(Fault):
  name = "SCRIPT FLUSH"
  weight = 1

  def strike(self):
    return self.stage.command("SCRIPT", "FLUSH") is not None


class LeaseDeleted(Fault):
  name = "lease deleted"

  def strike(self):
    return bool(self.stage.command("DEL", LEASE, database=1))


class ForeignEdits(Fault):
  name = "edits of that moment"
  weight = 4

  @staticmethod
  def choose(r):
    return {"edits": r.choices(["blind", "again", "again", "reset", "double", "careful", "reschedule", "flap", "flap",
                                "rename", "create", "delete"], k=r.randint(1, 3))}

  def strike(self):
    writer = self.stage.writer
    if not writer.lock.acquire(timeout=0.5):
      return False
    try:
      for kind in self.values["edits"]:
        if kind in writer.edits:
          writer.attempt(writer.step, kind, self.stage.trapped_entry)
    finally:
      writer.lock.release()


class Flush(Fault):
  name = "FLUSHDB"
  weight = 0.3
  variants = ("strict",)

  def strike(self):
    writer = self.stage.writer
    if not writer.lock.acquire(timeout=0.5):
      return False
    try:
      return writer.attempt(writer.step, "flush")
    finally:
      writer.lock.release()


# Faults that need a server that answers come first. variants.py adds those of its variants.
ALL = [
  CopyHeardLate, ForeignEdits, Flush, ClientKill, NotificationsOff, ScriptFlush, LeaseDeleted, Delay, OthersDelayed, Drip, ErrorReply, CutBytes,
  Garbage, Cut, Stall, DaemonStopped, DaemonStoppedLong, DaemonTerminated, DaemonKilled, RedisForgets, RedisStopped,
  RedisKilled]


def plan(seed, number, variant, without=(), aims=()):
  """What happens in iteration `number`: (phase, daemon, milliseconds, [(fault, its values)]).

  In a cycle each fault strikes once in each phase; other faults are added by chance. `aims`: only these faults and
  phases.
  """
  possible = [fault for fault in ALL if fault.name not in without and variant in fault.variants]
  names = {fault.name for fault in possible}
  first = [fault for fault in possible if fault.name in aims] if names & set(aims) else possible
  there = PHASES_OF.get(variant, PHASES)
  phases = [phase for phase in there if phase in aims] or list(there)
  cells = [(fault, phase) for fault in first for phase in phases]
  cycle, place = divmod(number, len(cells))
  random.Random(f"{seed}/cycle/{cycle}").shuffle(cells)
  fault, phase = cells[place]
  r = random.Random(f"{seed}/{number}")
  more = first if aims else possible
  chosen = {fault} | set(r.choices(more, [each.weight for each in more], k=r.choice([0, 0, 0, 1, 1, 2])))
  faults = [(each, each.choose(r)) for each in possible if each in chosen]
  milliseconds = max([round(20 * 15 ** r.random())] + [values.get("act_ms", 0) for _, values in faults])
  return phase, r.choice(["leader", "leader", "standby"]), milliseconds, faults


def arm(variant, phase):
  """The trap for a phase; None if it has none."""
  trap = PHASES_OF.get(variant, PHASES)[phase]
  return Trap(*trap) if trap else None
