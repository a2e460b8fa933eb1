"""The adversary's operations: one at a time, chosen by weight."""

import collections
import json
import random
import time

import owned
import queues
from sets import OWN, PREFIX, document, own

UNITS = ["\u0085", "\u009b", "\u202e", "e\u0301", "\U0001f468\u200d", "\x00", "\x7f", "x", "\\", '"', "[", "{", "1", ",",
         "/", "-", ".", "mon,", "*/1,", "1e9", "\n", " ", "\ud800"]
FIELDS = [
  "name", "task", "enabled", "interval", "crontab", "clocked", "timezone", "args", "kwargs", "queue", "exchange",
  "routing_key", "priority", "expires", "time_limit", "soft_time_limit", "headers", "options", "run_immediately",
  "start_after", "expires_at", "max_run_count", "one_off", "jitter", "catchup", "catchup_window", "last_run_at",
  "total_run_count", "mine"]
_DIGITS = "more digits than Python writes"
# No operation writes what looks like a valid lease or a valid watermark of the victim: a writer of the daemon's own
# keys can stop the victim with these.
OPERATIONS = {}


def operation(weight, asks_for_another_leader=False):
  def register(act):
    OPERATIONS[act.__name__] = (act, weight, asks_for_another_leader)
    return act
  return register


class Adversary:
  def __init__(self, arena, seed):
    self.arena = arena
    self.rng = random.Random(seed)
    self.client = arena.redis.client(arena.store, 120)
    self.last = collections.deque(maxlen=30)
    self.count = 0
    self.faults = []  # (begin, end), microseconds since 1970: the victim may be late
    self.fault_since = None

  # --- what it is made of ---

  def size(self):
    """A length: mostly small, rarely a megabyte."""
    return int(10 ** self.rng.uniform(0, self.rng.choice([2, 2, 2, 3, 4, 5, 6])))

  def text(self):
    unit = self.rng.choice(UNITS)
    return (unit * self.size())[:1_000_000]

  def bytes(self):
    return self.rng.choice([lambda: self.text().encode(errors="surrogatepass"), lambda: self.rng.choice(owned.GARBAGE),
                            lambda: self.rng.randbytes(min(self.size(), 5000)), lambda: str(self.number()).encode()])()

  def number(self):
    return self.rng.choice([0, -1, 1, 10, 0.01, 1e-9, 1e308, 2**31, 2**53 + 1, 2**63 - 1, -2**63, 2**64,
                            10**self.rng.randrange(1, 4299),
                            self.rng.uniform(0, 100), self.rng.randrange(10_000)])

  def name(self):
    if self.rng.random() < 0.7:
      return b"h%d" % self.rng.randrange(300)
    return b"h" + self.bytes()

  def value(self, depth=0):
    kind = self.rng.randrange(10 if depth < 4 else 6)
    if kind < 2:
      return self.number()
    if kind < 4:
      return self.text()
    if kind < 6:
      return self.rng.choice([True, False, None, _DIGITS, "seconds", "milliseconds", "all", "2000-01-01T00:00:00Z",
                              "UTC", "Europe//Berlin"])
    if kind < 8:
      return [self.value(depth + 1) for _ in range(self.rng.randrange(4))]
    names = ["every", "period", "minute", "hour", "__type__", "$date", "year", self.text()[:100]]
    return {self.rng.choice(names): self.value(depth + 1) for _ in range(self.rng.randrange(4))}

  def document(self):
    more = {self.rng.choice(FIELDS): self.value() for _ in range(self.rng.choice([0, 0, 1, 1, 2, 5]))}
    more.pop("queue", None)
    if self.rng.random() < 0.2:
      more["queue"] = self.rng.choice([*queues.FORBIDDEN, self.text()])
    catchup = self.rng.choice([{}, {}, {"catchup": "all", "last_run_at": "2000-01-01T00:00:00Z"}])
    text = self.merged(catchup | more)
    if self.rng.random() < 0.2:
      damaged = bytearray(text)
      for _ in range(self.rng.randrange(1, 5)):
        at = self.rng.randrange(len(damaged))
        damaged[at:at + self.rng.randrange(3)] = self.rng.choice([b"", b'"', b"{", b"\\", b"\x00", b"\xff", b"9" * 50])
      text = bytes(damaged)
    return text

  def merged(self, more):
    fields = json.loads(document(every=self.rng.choice([0.01, 0.1, 1, 10, 3600]))) | more
    text = json.dumps(fields, ensure_ascii=self.rng.random() < 0.5).encode(errors="surrogatepass")
    return text.replace(b'"%s"' % _DIGITS.encode(), b"9" * 5000)

  # --- acting ---

  def act(self, *command):
    self.last.append(tuple(
      part[:60] + b"..." if isinstance(part, bytes) and len(part) > 60 else part for part in command))
    self.count += 1
    try:
      self.client(*command)
    except Exception as error:  # Mostly a wrong type. The connection's end is raised.
      if isinstance(error, (OSError, EOFError)):
        raise

  def step(self, with_leadership):
    names = [name for name, (_, _, asks) in OPERATIONS.items() if with_leadership or not asks]
    name = self.rng.choices(names, [OPERATIONS[n][1] for n in names])[0]
    act, _, asks = OPERATIONS[name]
    if asks:
      self.begin_fault()
    act(self)

  def begin_fault(self):
    """From a second ago until all is quiet again the victim may be late."""
    if self.fault_since is None:
      self.fault_since = time.time_ns() // 1000 - 1_000_000

  def end_fault(self):
    if self.fault_since is not None:
      self.faults.append((self.fault_since, time.time_ns() // 1000))
      self.fault_since = None


@operation(40)
def write(a):
  a.act("SET", PREFIX + a.name(), a.document())


@operation(6)
def remove(a):
  a.act("DEL", PREFIX + a.name())


@operation(4)
def move(a):
  a.act("RENAME", PREFIX + a.name(), PREFIX + a.name())


@operation(4)
def expire(a):
  a.act("PEXPIRE", PREFIX + a.name(), a.rng.randrange(1, 2000))


@operation(4)
def another_type(a):
  name = PREFIX + a.name()
  a.act("DEL", name)
  a.act(*a.rng.choice([("LPUSH", name, "x"), ("HSET", name, "a", "b"), ("SADD", name, "x"), ("XADD", name, "*", "a", "b")]))


@operation(4)
def burst(a):
  """Makes a few hundred writes at once."""
  text = a.document()
  if len(text) < 20_000:
    a.act("MSET", *(x for n in range(a.rng.randrange(10, 300)) for x in (PREFIX + b"h%d" % n, text)))


@operation(10)
def mark(a):
  a.act("HSET", own("mark"), a.name(), a.bytes())


@operation(3, asks_for_another_leader=True)
def epoch(a):
  a.act("SET", own("epoch"), a.bytes())


@operation(1, asks_for_another_leader=True)
def lease(a):
  a.act("SET", own("lease"), a.bytes(), *a.rng.choice([(), ("PX", 900)]))


@operation(1, asks_for_another_leader=True)
def lease_is_gone(a):
  a.act("DEL", own("lease"))


@operation(1, asks_for_another_leader=True)
def incarnation(a):
  a.act("SET", own("incarnation"), a.bytes())


@operation(2, asks_for_another_leader=True)
def offer(a):
  token = b"x"
  if a.client("TYPE", own("lease")) == b"string":
    token = a.client("GET", own("lease")) or token
  a.act("SET", own("offer"), a.rng.choice([a.bytes(), token]))


@operation(4)
def request(a):
  deadline = int(time.time() * 1e6) + a.rng.choice([-1, 5_000_000, 10**12])
  a.act("HSET", own("manual"), *(x for n in range(a.rng.choice([1, 10, 1000])) for x in (
    a.bytes()[:200] + b"%d" % n, a.rng.choice([b"%020d|" % deadline + a.name()[:2000], a.bytes()]))))


@operation(4)
def stuff(a):
  a.act("HSET", own(a.rng.choice(["receipts", "daemons"])), a.name(), a.bytes())


@operation(3)
def tell_of_a_fire(a):
  a.act("XADD", own("history"), "MAXLEN", "~", 10_000, "*", a.rng.choice([b"name", a.bytes()[:50]]), a.bytes())


@operation(2)
def own_key_of_another_type(a):
  """Gives another type to one of the daemon's own keys that the victim's fires do not need."""
  name = own(a.rng.choice(["receipts", "manual", "history", "daemons"]))
  a.act("DEL", name)
  a.act("ZADD", name, 1, "x")


@operation(1, asks_for_another_leader=True)
def lease_key_of_another_type(a):
  name = own(a.rng.choice(["offer", "epoch", "incarnation", "lease"]))
  a.act("DEL", name)
  a.act("ZADD", name, 1, "x")


@operation(1, asks_for_another_leader=True)
def heartbeat_is_gone(a):
  for name in a.client("KEYS", OWN + b"heartbeat:*"):
    a.act("DEL", name)


@operation(8)
def forge(a):
  """Forges an event by PUBLISH."""
  key = a.rng.choice([PREFIX + a.name(), own("lease"), own("manual"), own("heartbeat:x"), a.bytes()])
  channel = b"__keyspace@1__:" + key
  a.act("PUBLISH", channel, a.rng.choice([b"set", b"del", b"expired", a.bytes()]))


@operation(2)
def queue(a):
  """Damages what kombu keeps on the broker, or gives a queue another type."""
  a.act("SELECT", a.arena.broker)
  binding = b"_kombu.binding." + a.bytes()[:100]
  a.act(*a.rng.choice([("SET", "hostile", "x"), ("SADD", binding, a.bytes()), ("DEL", "hostile")]))
  a.act("SELECT", a.arena.store)


@operation(1)
def forget_scripts(a):
  a.act("SCRIPT", "FLUSH")
