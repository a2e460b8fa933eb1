"""One program that does at random what a writer of documents, a writer of our own keys and a server may do, while a leader and
a standby run, each behind a server that lies now and then. Now and then it cleans up and looks whether all is quiet."""

import collections
import json
import random
import time

import lies
import owned
from arena import Arena, Failed, wait_until
from measures import Meter, memory, percentile
from servers_that_lie import Liar
from sets import OWN, PREFIX, document, own

MEMORY = 512  # MiB; two hostile replies may be on their way at a time
QUIET_SCRIPTS = 40  # a second, of two daemons and the victim
QUIET_LOG = 20_000  # bytes a second
LOG = 64_000  # bytes a second, over the whole run
SETTLED = 20  # seconds until all must be quiet after cleaning up
AFTER_FAULT = 12  # seconds in which the victim may be late: the backoff's longest, twice, and a load

UNITS = ["\u0085", "\u009b", "\u202e", "e\u0301", "\U0001f468\u200d", "\x00", "\x7f", "x", "\\", '"', "[", "{", "1", ",", "/", "-", ".",
         "mon,", "*/1,", "1e9", "\n", " ", "\ud800"]
FIELDS = ["name", "task", "enabled", "interval", "crontab", "clocked", "timezone", "args", "kwargs", "queue", "exchange", "routing_key",
          "priority", "expires", "time_limit", "soft_time_limit", "headers", "options", "run_immediately", "start_after",
          "expires_at", "max_run_count", "one_off", "jitter", "catchup", "catchup_window", "last_run_at", "total_run_count", "mine"]
_DIGITS = "more digits than Python writes"
# Nothing on this list can be told from a good lease or mark of the victim: what a writer of our own keys can stop, they can.
OPERATIONS = {}


def operation(weight, fault=0):
  """`fault`: seconds in which who fires may change by it, as that is what it asks for."""
  def register(act):
    OPERATIONS[act.__name__] = (act, weight, fault)
    return act
  return register


class Adversary:
  def __init__(self, arena, seed):
    self.arena = arena
    self.rng = random.Random(seed)
    self.client = arena.redis.client(arena.store, 120)
    self.last = collections.deque(maxlen=30)
    self.count = 0
    self.faults = [(0, 0)]  # (begin, end), microseconds since 1970: the victim may be late

  # --- what it is made of ---

  def size(self):
    """Mostly small, seldom a megabyte."""
    return int(10 ** self.rng.uniform(0, self.rng.choice([2, 2, 2, 3, 4, 5, 6])))

  def text(self):
    unit = self.rng.choice(UNITS)
    return (unit * self.size())[:1_000_000]

  def bytes(self):
    return self.rng.choice([lambda: self.text().encode(errors="surrogatepass"), lambda: self.rng.choice(owned.GARBAGE),
                            lambda: self.rng.randbytes(min(self.size(), 5000)), lambda: str(self.number()).encode()])()

  def number(self):
    return self.rng.choice([0, -1, 1, 10, 0.01, 1e-9, 1e308, 2**31, 2**53 + 1, 2**63 - 1, -2**63, 2**64, 10**self.rng.randrange(1, 4299),
                            self.rng.uniform(0, 100), self.rng.randrange(10_000)])

  def name(self):
    return b"h" + self.rng.choice([lambda: b"%d" % self.rng.randrange(300), lambda: b"%d" % self.rng.randrange(300), self.bytes])()

  def value(self, depth=0):
    kind = self.rng.randrange(10 if depth < 4 else 6)
    if kind < 2:
      return self.number()
    if kind < 4:
      return self.text()
    if kind < 6:
      return self.rng.choice([True, False, None, _DIGITS, "seconds", "milliseconds", "all", "2000-01-01T00:00:00Z", "UTC", "Europe//Berlin"])
    if kind < 8:
      return [self.value(depth + 1) for _ in range(self.rng.randrange(4))]
    return {self.rng.choice(["every", "period", "minute", "hour", "__type__", "$date", "year", self.text()[:100]]): self.value(depth + 1)
            for _ in range(self.rng.randrange(4))}

  def document(self):
    more = {self.rng.choice(FIELDS): self.value() for _ in range(self.rng.choice([0, 0, 1, 1, 2, 5]))}
    more.pop("queue", None)
    if self.rng.random() < 0.2:
      more["queue"] = self.rng.choice([*owned.FORBIDDEN, self.text()])
    catchup = self.rng.choice([{}, {}, {"catchup": "all", "last_run_at": "2000-01-01T00:00:00Z"}])
    text = document(every=self.rng.choice([0.01, 0.1, 1, 10, 3600]), **catchup) if not more else self.merged(catchup | more)
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
    self.last.append(tuple(part[:60] + b"..." if isinstance(part, bytes) and len(part) > 60 else part for part in command))
    self.count += 1
    try:
      self.client(*command)
    except Exception as error:  # A wrong type, mostly. The connection's end is found by the next one.
      if isinstance(error, (OSError, EOFError)):
        raise

  def step(self):
    names = list(OPERATIONS)
    name = self.rng.choices(names, [OPERATIONS[n][1] for n in names])[0]
    act, _, fault = OPERATIONS[name]
    if fault:
      now = time.time_ns() // 1000
      self.faults.append((now - 1_000_000, now + int(fault * 1e6)))
    act(self)


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
  """A few hundred writes at once."""
  text = a.document()
  if len(text) < 20_000:
    a.act("MSET", *(x for n in range(a.rng.randrange(10, 300)) for x in (PREFIX + b"h%d" % n, text)))


@operation(10)
def mark(a):
  a.act("HSET", own("mark"), a.name(), a.bytes())


@operation(3, fault=4)
def epoch(a):
  a.act("SET", own("epoch"), a.bytes())


@operation(1, fault=8)
def lease(a):
  a.act("SET", own("lease"), a.bytes(), *a.rng.choice([(), ("PX", 900)]))


@operation(1, fault=8)
def lease_is_gone(a):
  a.act("DEL", own("lease"))


@operation(1, fault=6)
def incarnation(a):
  a.act("SET", own("incarnation"), a.bytes())


@operation(2, fault=6)
def offer(a):
  a.act("SET", own("offer"), a.rng.choice([a.bytes(), a.client("GET", own("lease")) or b"x"]))


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
  """Of those that nobody's fire hangs on."""
  name = own(a.rng.choice(["receipts", "manual", "history", "daemons", "offer"]))
  a.act("DEL", name)
  a.act("ZADD", name, 1, "x")


@operation(1, fault=6)
def heartbeat_is_gone(a):
  for name in a.client("KEYS", OWN + b"heartbeat:*"):
    a.act("DEL", name)


@operation(8)
def forge(a):
  """Events by PUBLISH."""
  channel = b"__keyspace@1__:" + a.rng.choice([PREFIX + a.name(), own("lease"), own("manual"), own("heartbeat:x"), a.bytes()])
  a.act("PUBLISH", channel, a.rng.choice([b"set", b"del", b"expired", a.bytes()]))


@operation(2)
def queue(a):
  """What kombu keeps on the broker, and a queue of another type."""
  a.act("SELECT", a.arena.broker)
  a.act(*a.rng.choice([("SET", "hostile", "x"), ("SADD", b"_kombu.binding." + a.bytes()[:100], a.bytes()), ("DEL", "hostile")]))
  a.act("SELECT", a.arena.store)


@operation(1)
def forget_scripts(a):
  a.act("SCRIPT", "FLUSH")


class Run:
  def __init__(self, binary, seed, seconds, tell):
    self.binary, self.seed, self.seconds, self.tell = binary, seed, seconds, tell
    self.wrong = []
    self.peak = 0

  def go(self):
    """Whether it is as it must be."""
    with Arena("adversary", self.binary) as arena:
      self.arena = arena
      self.liars = [Liar(arena), Liar(arena)]
      self.adversary = Adversary(arena, self.seed)
      try:
        self._go()
      except Failed as error:
        self.wrong.append(str(error))
      finally:
        for liar in self.liars:
          liar.end()
      self._tell()
    return not self.wrong

  def _go(self):
    arena, adversary, rng = self.arena, self.adversary, self.adversary.rng
    arena.start_daemons([liar.url for liar in self.liars])
    arena.start_victim(', "catchup": "all"')
    arena.start_janitor()
    begin, logs = time.monotonic(), [daemon.log_bytes for daemon in arena.daemons]
    self.phases = 0
    while time.monotonic() - begin < self.seconds and not self.wrong:
      self.phases += 1
      self._phase()
      if self.phases % 3 == 0:
        self._quiet()
    if not self.wrong:
      self._quiet()
    for daemon, before in zip(arena.daemons, logs):
      rate = (daemon.log_bytes - before) / (time.monotonic() - begin)
      if rate > LOG:
        self.wrong.append(f"the {daemon.name} writes {rate:,.0f} bytes of log a second, and {LOG:,} are allowed")
    self._judge_victim()
    for daemon in [d for d in arena.daemons if d.is_alive]:
      took, status = daemon.stop(10)
      if status != 0 or took > 5.5:
        self.wrong.append(f"after SIGTERM the {daemon.name} took {took:.1f} s, status {status}")

  def _phase(self):
    """Some hundred steps, and now and then a lie at one of the two."""
    adversary, rng = self.adversary, self.adversary.rng
    liar = rng.choice(self.liars) if rng.random() < 0.4 else None
    at = rng.randrange(150)
    pace = rng.choice([0, 0.003, 0.01])
    for number in range(300):
      if liar and number == at:
        lie = rng.choice(lies.ALL)
        adversary.last.append((f"lie to daemon {self.liars.index(liar)}", lie.name))
        begin = time.time_ns() // 1000
        liar.say("lie", lie.name)
        time.sleep(rng.uniform(0.2, 2))
        liar.say("truth")
        if rng.random() < 0.5:
          liar.say("cut")
        adversary.faults.append((begin - 1_000_000, time.time_ns() // 1000 + AFTER_FAULT * 1_000_000))
      adversary.step()
      time.sleep(pace)
      if number % 20 == 0:
        self._look()

  def _look(self):
    for daemon in self.arena.daemons:
      if not daemon.is_alive and not self.wrong:
        self.wrong.append(f"the {daemon.name} has ended with status {daemon.process.poll()}: {daemon.lines(1)}")
      self.peak = max(self.peak, memory(daemon.pid)[1])
    if self.peak > MEMORY and not self.wrong:
      self.wrong.append(f"{self.peak:,.0f} MiB resident, and {MEMORY} are allowed")

  def _quiet(self):
    """Cleans up, waits until the daemons are quiet, and says what is not."""
    arena, client = self.arena, self.arena.redis.client(self.arena.store, 120)
    names = [name for name in client("KEYS", PREFIX + b"*") if name != b"tasks:meta:victim"]
    for at in range(0, len(names), 500):
      client("UNLINK", *names[at:at + 500])
    client("UNLINK", *(own(name) for name in ("manual", "receipts", "history", "daemons", "offer")))
    fields = [name for name in client("HKEYS", own("mark")) if name != b"victim"]
    for at in range(0, len(fields), 500):
      client("HDEL", own("mark"), *fields[at:at + 500])
    broker = arena.broker_redis.client(arena.broker, 120)
    for name in broker("KEYS", "*"):
      if name != b"victim":
        broker("UNLINK", name)
    # Who was busy with what was written may be late for as long as it takes to settle.
    deadline = time.monotonic() + SETTLED
    while True:
      meter = Meter(arena.daemons, arena.client)
      time.sleep(2)
      cost = meter.read()
      self._look()
      if self.wrong or (cost["scripts"] <= QUIET_SCRIPTS and cost["log"] <= QUIET_LOG):
        break
      if time.monotonic() > deadline:
        self.wrong.append(f"not quiet {SETTLED} s after cleaning up: {cost['scripts']:,.0f} scripts and "
                          f"{cost['log']:,.0f} bytes of log a second, {cost['cpu'] * 100:.0f} % of a processor")
        break
    if not self.wrong:
      known = len(arena.reader.arrivals)
      try:
        wait_until(lambda: len(arena.reader.arrivals) > known + 1, SETTLED, "the victim is fired again")
      except Failed as error:
        self.wrong.append(str(error))

  def _judge_victim(self):
    arena = self.arena
    came, missing, twice = arena.lateness(arena.phase, int((time.time() - 2) * 1e6))
    faults = self.adversary.faults
    late = [(late if pushed is None else pushed) * 1000 for due, (late, pushed) in came.items()
            if not any(begin <= due <= end for begin, end in faults)]
    self.victim = (len(came), len(missing), twice, percentile(late, 0.5), percentile(late, 0.99), max(late, default=None), len(late))
    if missing and not self.wrong:
      self.wrong.append(f"{len(missing)} of the victim's occurrences have not come")
    if twice:
      self.wrong.append(f"{twice} of the victim's occurrences came twice")
    # Of few the worst one says nothing but that the machine was busy.
    if late and (percentile(late, 0.99) > 100 if len(late) >= 100 else percentile(late, 0.5) > 100 or max(late) > 2000):
      self.wrong.append(f"the victim is late outside of faults: p50 {percentile(late, 0.5):,.0f} ms, p99 {percentile(late, 0.99):,.0f} ms")

  def _tell(self):
    adversary = self.adversary
    came, missing, twice, half, most, worst, judged = getattr(self, "victim", (0, 0, 0, None, None, None, 0))
    def number(value):
      return "-" if value is None else f"{value:,.0f} ms"
    self.tell(f"adversary: seed {self.seed}, {adversary.count:,} operations in {getattr(self, 'phases', 0)} phases; victim: {came} came, "
              f"{missing} missing, {twice} twice, late outside of faults ({judged}) p50 {number(half)}, p99 {number(most)}, max "
              f"{number(worst)}; {self.peak:,.0f} MiB at most; log "
              + ", ".join(f"{daemon.log_bytes:,}" for daemon in self.arena.daemons) + " bytes")
    for text in self.wrong:
      self.tell(f"FAILED: {text}")
    if self.wrong:
      self.tell(f"again: scripts/hostile --only adversary --seed {self.seed} --seconds {self.seconds:.0f}; the last operations:")
      for command in adversary.last:
        self.tell(f"  {command}"[:200])
      self.tell(f"logs: {self.arena.folder}")
