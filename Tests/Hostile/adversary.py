"""One program that does at random what a writer of documents, a writer of the daemon's own keys and a server may do,
beside a leader and a standby, each behind a server that lies now and then. From time to time it cleans up and checks
that all is quiet."""

import time

import lies
from arena import Arena, Failed, wait_until
from measures import Meter, memory, percentile
from metronome import Metronome
from operations import Adversary
from servers_that_lie import Liar
from sets import PREFIX, own

MEMORY = 512  # MiB; two hostile replies may be in memory at a time
QUIET_SCRIPTS = 40  # scripts a second, of two daemons and the victim
QUIET_LOG = 20_000  # bytes a second
LOG = 64_000  # bytes a second, over the whole run
LOG_AT_FIRST = 2 << 20  # bytes in addition, at the start
SETTLED = 20  # seconds until all must be quiet after cleaning up


class Run:
  def __init__(self, binary, seed, seconds, tell):
    self.binary, self.seed, self.seconds, self.tell = binary, seed, seconds, tell
    self.wrong = []
    self.peak = 0
    self.phases = 0
    self.victim = "not judged"
    self.lags = []  # lags of the victim outside of faults, each of more than a second

  def go(self):
    """Runs it. Returns whether everything was as it must be."""
    with Arena("adversary", self.binary) as arena:
      self.arena = arena
      self.liars = [Liar(arena), Liar(arena)]
      self.metronome = Metronome()
      self.adversary = Adversary(arena, self.seed)
      try:
        self._go()
      except Failed as error:
        self.wrong.append(str(error))
      finally:
        for liar in self.liars:
          liar.end()
        self.metronome.end()
      self._tell()
    return not self.wrong

  def _go(self):
    arena, adversary, rng = self.arena, self.adversary, self.adversary.rng
    arena.start_daemons([liar.url for liar in self.liars])
    arena.start_victim(', "catchup": "all"')
    arena.start_janitor()
    begin, logs = time.monotonic(), [daemon.log_bytes for daemon in arena.daemons]
    while time.monotonic() - begin < self.seconds and not self.wrong:
      # Lies, and operations that ask for another leader, have phases of their own. In all other phases the victim must
      # be on time.
      with_leadership, with_lies = rng.choice([(False, False)] * 3 + [(True, False), (False, True), (True, True)])
      for _ in range(3):
        if not self.wrong and time.monotonic() - begin < self.seconds:
          self.phases += 1
          self._phase(with_leadership, with_lies)
      if not self.wrong:
        self._quiet()
    for daemon, before in zip(arena.daemons, logs):
      rate = max(0, daemon.log_bytes - before - LOG_AT_FIRST) / (time.monotonic() - begin)
      if rate > LOG:
        self.wrong.append(f"the {daemon.name} writes {rate:,.0f} bytes of log a second, and {LOG:,} are allowed")
    self._judge_victim()
    for daemon in [d for d in arena.daemons if d.is_alive]:
      took, status = daemon.stop(10)
      if status != 0 or took > 5.5:
        self.wrong.append(f"after SIGTERM the {daemon.name} took {took:.1f} s, status {status}")

  def _phase(self, with_leadership, with_lies):
    """Does some hundred steps, and perhaps lets one of the two servers lie."""
    adversary, rng = self.adversary, self.adversary.rng
    liar = rng.choice(self.liars) if with_lies else None
    at = rng.randrange(150)
    pace = rng.choice([0, 0.003, 0.01])
    for number in range(300):
      if liar and number == at:
        lie = rng.choice(lies.ALL)
        adversary.last.append((f"lie to daemon {self.liars.index(liar)}", lie.name))
        adversary.begin_fault()
        liar.say("lie", lie.name)
        time.sleep(rng.uniform(0.2, 2))
        liar.say("truth")
        if rng.random() < 0.5:
          liar.say("cut")
      adversary.step(with_leadership)
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
    """Cleans up, waits until the daemons are quiet, and notes what is not."""
    arena, client = self.arena, self.arena.redis.client(self.arena.store, 120)
    names = [name for name in client("KEYS", PREFIX + b"*") if name != b"tasks:meta:victim"]
    for at in range(0, len(names), 500):
      client("UNLINK", *names[at:at + 500])
    client("UNLINK", *(own(name) for name in ("manual", "receipts", "history", "daemons", "offer")))
    for name in ("lease", "epoch", "incarnation"):
      if client("TYPE", own(name)) != b"string":
        client("DEL", own(name))
    fields = [name for name in client("HKEYS", own("mark")) if name != b"victim"]
    for at in range(0, len(fields), 500):
      client("HDEL", own("mark"), *fields[at:at + 500])
    broker = arena.broker_redis.client(arena.broker, 120)
    for name in broker("KEYS", "*"):
      if name != b"victim":
        broker("UNLINK", name)
    # A daemon that was busy with hostile writes may be late until it has settled.
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
    self.adversary.end_fault()

  def _judge_victim(self):
    arena = self.arena
    self.adversary.end_fault()
    came, missing, twice = arena.lateness(arena.phase, int((time.time() - 2) * 1e6))
    # Where the machine stood still, no process is on time, and none is while overdue fires go out.
    gaps = self.metronome.end()
    faults = self.adversary.faults + [(begin - 1_000_000, end + 1_000_000) for begin, end in gaps]
    late = [(late if pushed is None else pushed) * 1000 for due, (late, pushed) in came.items()
            if not any(begin <= due <= end for begin, end in faults)]
    for due, (arrival, pushed) in came.items():
      seconds = arrival if pushed is None else pushed
      if seconds > 1 and not any(begin <= due <= end for begin, end in faults):
        self.lags.append(f"{time.strftime('%T', time.gmtime(due / 1e6))} {seconds:.1f} s")
    half, most, worst = percentile(late, 0.5), percentile(late, 0.99), max(late, default=None)
    stood = [f"{(end - begin) / 1e6:.1f} s" for begin, end in gaps]
    self.victim = (f"{len(came)} came, {len(missing)} missing, {twice} twice; {len(late)} outside of faults, late "
                   + ", ".join("-" if value is None else f"{value:,.0f} ms" for value in (half, most, worst))
                   + " (p50, p99, max)" + (f"; the machine stood still: {', '.join(stood)}" if stood else ""))
    if missing and not self.wrong:
      self.wrong.append(f"{len(missing)} of the victim's occurrences have not come")
    if twice:
      self.wrong.append(f"{twice} of the victim's occurrences came twice")
    # The worst of a few shows only that the machine was busy.
    if late and (most > 100 if len(late) >= 100 else half > 100 or worst > 2000):
      self.wrong.append(f"the victim is late outside of faults: p50 {half:,.0f} ms, p99 {most:,.0f} ms, at most {worst:,.0f} ms")

  def _tell(self):
    adversary = self.adversary
    self.tell(f"adversary: seed {self.seed}, {adversary.count:,} operations in {self.phases} phases; victim: {self.victim}; "
              f"{self.peak:,.0f} MiB at most; log "
              + ", ".join(f"{daemon.log_bytes:,}" for daemon in self.arena.daemons) + " bytes")
    for text in self.wrong:
      self.tell(f"FAILED: {text}")
    if self.wrong:
      self.tell(f"again: scripts/hostile --only adversary --seed {self.seed} --seconds {self.seconds:.0f}; its last operations:")
      for command in adversary.last:
        self.tell(f"  {command}"[:200])
      if self.lags:
        self.tell(f"late: {', '.join(self.lags[:6])}")
      self.tell(f"logs: {self.arena.folder}")
