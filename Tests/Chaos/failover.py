"""The variant "failover": the daemons follow a primary that sentinels name, and that is killed, stopped and replaced.

A replica that takes over has the state of some time ago: messages, watermarks, documents and edits have gone back
together. So the queue of the final primary must be as strict as ever: each occurrence once, none missing. Workers may
have seen messages that only the old primary's queue held. They see those occurrences once more, with the same task id,
and this is counted. There are no proxies, so that the sentinels' addresses are the servers' own.
"""

import json
import signal
import threading
import time

import faults
from dates import task_id
from model import Model
from resp import Refused
from sentinel import MASTER, SentinelGroup
from servers import DATABASE, PREFIX, TAG
from stage import Stage
from writer import QUEUE

EDITS = {"blind": 3, "double": 2, "careful": 2}
GONE = (OSError, EOFError, Refused)


# The SET is there for WAIT, which counts from the connection's own last write.
_READ = """
redis.call('SET', KEYS[2], 1)
local queue = redis.call('LRANGE', KEYS[1], 0, -1)
redis.call('SELECT', DATABASE)
local names, documents = redis.call('KEYS', ARGV[1]), {}
for i, name in ipairs(names) do documents[i] = redis.call('GET', name) end
redis.call('SELECT', 0)
return {queue, names, documents}
""".replace("DATABASE", str(DATABASE))

# The oldest item is compared by its bytes, so that nothing is taken twice.
_LET_GO = """
redis.call('SET', KEYS[2], 1)
if redis.call('LINDEX', KEYS[1], -1) == ARGV[2] then redis.call('LTRIM', KEYS[1], 0, -ARGV[3] - 1) end
return 1
"""


class Guess:
  """What a message must be a fire of. In this variant no proxy has seen its script pass."""

  daemon = epoch = answered_at = None
  answer = "seen in the queue"

  def __init__(self, entry, due, counts):
    self.entry, self.due = entry, due
    self.count = min(counts, default=0) + 1 if counts else None


class Guesses:
  """Finds the occurrence that a task id belongs to, among those that can come next."""

  def __init__(self, space):
    self.space = space
    self.known = {}  # task id -> (entry, due)
    self.model = None

  def of(self, task):
    found = self.known.get(task) or self._find(task)
    if not found:
      return []
    self.known[task] = found
    return [Guess(*found, self.model.entries[found[0]].counts)]

  def _find(self, task):
    for steps in (range(1, 2), range(2, 400)):
      for name, entry in self.model.entries.items():
        if entry.base is None:
          continue
        for step in steps:
          due = entry.base + step * entry.schedule[0]
          if task_id(self.space, name, due) == task:
            return name, due
    return None

  def anchors_of(self, _):
    return []

  def forget(self, before):
    self.known = {task: found for task, found in self.known.items() if found[1] >= before}


class Witness(threading.Thread):
  """Watches each primary's queue as a worker would, but takes nothing."""

  def __init__(self, group):
    super().__init__(daemon=True, name="witness")
    self.group = group
    self.lock = threading.Lock()
    self.is_over = False
    self.problem = None
    self.clients = {}
    self.begin()

  def begin(self):
    """Begins when all queues are empty."""
    self.seen = {node: [] for node in self.group.nodes}  # items of each primary, oldest first
    self.left = []  # items seen in queues that no longer exist

  def run(self):
    try:
      while not self.is_over:
        with self.lock:
          for node in self.group.nodes:
            self._look(node)
        time.sleep(0.03)
    except BaseException as error:
      self.problem = error
      raise

  def _look(self, node):
    try:
      client = self.clients.get(node) or node.client(0, 0.2)
      self.clients[node] = client
      seen = self.seen[node]
      if client("ROLE")[0] != b"master":
        return self._leave(node)
      length = client("LLEN", QUEUE)
      if length < len(seen):
        self._leave(node)
        seen = self.seen[node]
      if length > len(seen):
        # The queue's head may have grown since then. The tail has not moved.
        seen += client("LRANGE", QUEUE, -length, -len(seen) - 1)[::-1]
    except GONE:
      self.clients.pop(node, None)

  def _leave(self, node):
    if self.seen[node]:
      self.left.append(self.seen[node])
      self.seen[node] = []

  def rolled_back(self, items):
    """Lists of the messages that were in a primary's queue and are not at the same place in the final one."""
    for queue in self.left + list(self.seen.values()):
      common = next((at for at, (a, b) in enumerate(zip(queue, items)) if a != b), min(len(queue), len(items)))
      if tail := [item for item in queue[common:] if not item.startswith(b"M")]:
        yield tail


class FailoverStage(Stage):
  edits = EDITS

  def __init__(self, *arguments):
    super().__init__(*arguments)
    self.model.ledger = self.ledger = Guesses(self.model.space)
    self.ledger.model = self.model
    self.witness = Witness(self.redis)
    self.writer.patience = 1
    self.rollbacks = self.rolled_back = 0
    for daemon in self.daemons:
      daemon.environment |= {
        "CELERY_REDIS_SCHEDULER_URL": self.redis.url(1), "CELERY_BROKER_URL": self.redis.url(0),
        "BEAT_WATCH_MASTER_NAME": MASTER}

  def make_redis(self):
    return SentinelGroup(self.folder)

  def start(self):
    super().start()
    self.witness.start()

  def fill(self):
    """Fills all servers, and waits until each schedule has run once: what its document begins with is then known for
    good."""
    self.until("all servers are in their places", self.is_whole, 180)
    super().fill()
    self.until("each has run", lambda: not self.behind(0), 30)
    self.until("the replicas follow", lambda: self.on_all(_READ, []), 180)
    if len(self.redis.client(DATABASE)("KEYS", PREFIX + "*")) != 50:
      raise RuntimeError("the documents could not be written")

  def end(self):
    self.witness.is_over = True
    super().end()

  def settle(self, patience):
    # Sentinels leave a former primary alone for ten seconds.
    return super().settle(max(patience, 60))

  def release(self, number):
    pass

  def heal_servers(self):
    self.redis.heal()
    self.until("all servers are in their places", self.is_whole, 180)

  def is_whole(self):
    self.redis.bring_back()
    return self.redis.is_whole()

  def until(self, what, condition, seconds):
    def holds():
      try:
        return condition()
      except GONE:
        return False
    super().until(what, holds, seconds)

  def take(self):
    """Takes the queue so that no failover can bring back what was taken: all its servers must have an item before it
    counts as read, and must have dropped it before anything else happens."""
    with self.witness.lock:
      taken = []
      self.redis.await_(lambda: self.on_all(_READ, taken), 180, "the replicas do not follow")
      items, names, documents = taken[-1]
      items = items[::-1]
      if items:
        self.redis.await_(lambda: self.on_all(_LET_GO, [], items[0], len(items)), 180, "the replicas do not follow")
      self.count_repeats(items)
      self.witness.begin()
    return items, {name[len(PREFIX):].decode(): json.loads(text) for name, text in zip(names, documents)}

  def on_all(self, script, answers, *arguments):
    """Whether the primary has run a script, and both replicas have everything that it had written by then."""
    try:
      client = self.redis.client(0, 10)
      try:
        answers.append(client("EVAL", script, 2, QUEUE, f"{TAG}chaos:taken", PREFIX + "*", *arguments))
        return client("WAIT", self.redis.replicas, 1000) == self.redis.replicas
      finally:
        client.close()
    except GONE:
      return False

  def count_repeats(self, items):
    final = set(items)
    for queue in self.witness.rolled_back(items):
      self.rollbacks += 1
      self.rolled_back += len(queue)
      self.model.repeats += sum(item in final for item in queue)


class Failover(faults.Fault):
  variants = ("failover", "failover-tls")

  def __init__(self, stage, *arguments):
    super().__init__(stage, *arguments)
    self.group = stage.redis

  def hold_back(self):
    """Keeps the replicas from getting some of the writes."""
    if self.values["behind_ms"]:
      self.group.hold_back()
      time.sleep(self.values["behind_ms"] / 1000)

  def await_another(self, node, seconds=15):
    """Waits until the sentinels name another primary."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
      found = self.group.primary()
      if found and found is not node:
        return
      time.sleep(0.05)


class PrimaryKilled(Failover):
  name = "primary: kill -9"
  weight = 2

  @staticmethod
  def choose(r):
    return {"behind_ms": r.choice([0, 0, 100, 400, 1500]), "act_ms": 200}

  def strike(self):
    self.node = self.group.primary()
    if not self.node:
      return False
    self.hold_back()
    self.node.kill()
    self.group.let_go()

  def heal(self):
    if self.node:
      self.await_another(self.node)
      self.group.bring_back()


class PrimaryRestarted(Failover):
  """The primary comes back before the sentinels notice, with all its data."""
  name = "primary: restart"

  def strike(self):
    node = self.group.primary()
    if not node or not node.keeps_all():
      return False
    node.kill()
    node.start()


class PrimaryStopped(Failover):
  """The old primary goes on beside its successor as if nothing had happened, until the sentinels demote it."""
  name = "primary: SIGSTOP"

  @staticmethod
  def choose(r):
    return {"behind_ms": r.choice([0, 0, 100, 400]), "replaced": r.random() < 0.7, "act_ms": r.choice([100, 300])}

  def strike(self):
    self.node = self.group.primary()
    if not self.node:
      return False
    self.hold_back()
    self.node.signal(signal.SIGSTOP)

  def heal(self):
    if not self.node:
      return
    self.group.let_go()
    if self.values["replaced"]:
      self.await_another(self.node)
    if self.node.is_alive:
      self.node.signal(signal.SIGCONT)


class Commanded(Failover):
  name = "SENTINEL FAILOVER"
  weight = 1

  @staticmethod
  def choose(r):
    return {"behind_ms": r.choice([0, 0, 400])}

  def strike(self):
    self.node = self.group.primary()
    if not self.node:
      return False
    self.hold_back()
    self.is_under_way = self.group.sentinels[0].ask("SENTINEL", "FAILOVER", MASTER) == b"OK"
    return self.is_under_way

  def heal(self):
    self.group.let_go()
    if self.node and self.is_under_way:
      self.await_another(self.node)


class ReplicasBehind(Failover):
  name = "replicas behind"
  weight = 1

  def strike(self):
    return self.group.hold_back()

  def heal(self):
    self.group.let_go()


class SentinelKilled(Failover):
  name = "sentinel: kill -9"
  weight = 1

  @staticmethod
  def choose(r):
    return {"number": r.randrange(3)}

  def strike(self):
    self.group.sentinels[self.values["number"]].kill()

  def heal(self):
    self.group.sentinels[self.values["number"]].start()


ALL = [ReplicasBehind, SentinelKilled, Commanded, PrimaryStopped, PrimaryRestarted, PrimaryKilled]
PHASES = {phase: faults.PHASES[phase] for phase in ("any time", "just before due", "stopping")}
