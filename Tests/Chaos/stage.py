"""Everything that runs: Redis, proxies, daemons and the writer; and what is done with all of it."""

import collections
import json
import os
import signal
import time

import faults
from dates import clock_now, microseconds
from model import Model
from proxy import Proxy
from resp import Refused
from servers import DATABASE, PREFIX, Daemon, Redis
from traffic import Ledger, Scripts
from wire import Wire
from writer import QUEUE, Writer

MARKS = f"reactivebeat:{PREFIX}mark"

_TAKE = """
local queue = redis.call('LRANGE', KEYS[1], 0, -1)
redis.call('DEL', KEYS[1])
redis.call('SELECT', 1)
local names, documents = redis.call('KEYS', ARGV[1]), {}
for i, name in ipairs(names) do documents[i] = redis.call('GET', name) end
redis.call('SELECT', 0)
return {queue, names, documents}
"""

EDITS = {
  "strict": {"blind": 3, "reset": 2, "double": 2, "again": 2, "read": 4, "careful": 2, "reschedule": 2, "switch": 1, "delete": 2,
             "create": 3, "flap": 3, "rename": 2},
  # A server that forgets also forgets edits. So no edit here changes a schedule, and what was due stays known.
  "lossy": {"blind": 3, "double": 2, "again": 2, "careful": 2},
}


def parsed(text):
  """A document. The model reports a text that is none, since the writer has not written it."""
  try:
    return json.loads(text)
  except ValueError:
    return {"enabled": False, "unreadable": text.decode(errors="replace")}


class Stopwatch:
  """Measures what the time is spent on."""

  def __init__(self):
    self.seconds = collections.Counter()
    self.begin("starting")

  def begin(self, activity):
    now = time.monotonic()
    if hasattr(self, "activity"):
      self.seconds[self.activity] += now - self.since
    self.activity, self.since = activity, now


class Unquiet(Exception):
  """Something has not settled in time."""


class Stage:
  Model = Model
  proxy_type = Proxy
  edits = None

  def __init__(self, binaries, sources, space, folder, seed, variant, options, forgive=()):
    self.variant = variant
    self.has_lease = "--no-lease" not in options
    self.folder = folder
    self.redis = self.make_redis()
    self.ledger = Ledger()
    self.wire = Wire()
    scripts = Scripts(sources)
    self.proxies = [self.proxy_type(number, self.redis.path, scripts, self.ledger) for number in range(3)]
    self.daemons = [
      Daemon(proxy.number, binaries, proxy.port, folder, options, self.redis) for proxy in self.proxies]
    self.phase = None  # the iteration's phase
    self.model = self.Model(self.ledger, space, "late edits" in forgive)
    self.writer = Writer(self.redis, seed, self.edits or EDITS[variant])
    self.trapped_entry = None
    self.memory = None
    self.stopwatch = Stopwatch()
    self.growth = [0, 0]  # the largest growth seen: open files, resident kilobytes

  def make_redis(self):
    return Redis(self.folder, durable=self.variant != "lossy")

  def proxy_of(self, number):
    """The proxy that catches a daemon's phase in this iteration, and at which the faults strike."""
    return self.proxies[number]

  def watched(self, phase, number):
    # All daemons are watched for a fire: it is not known which one leads at this moment.
    return self.proxies if phase in faults.FIRING else [self.proxy_of(number)]

  def release(self, number):
    self.wire.release(self.proxies[number])

  def start(self):
    self.redis.start()
    for proxy in self.proxies:
      self.wire.add(proxy)
    self.wire.start()
    for daemon in self.daemons:
      daemon.start()
    self.until("the daemons are ready", lambda: all(daemon.is_ready for daemon in self.daemons), 60)
    with self.writer.lock:
      self.fill()
    self.writer.start()

  def fill(self):
    self.writer.attempt(self.writer.fill, 50)

  def finish(self):
    """Does what is to be checked once, after the last settling."""

  @property
  def figures(self):
    """Further counts for the result."""
    return {}

  def end(self):
    self.writer.is_over = True
    for daemon in self.daemons:
      if daemon.process and daemon.is_alive:
        daemon.kill()
    if self.redis.process:
      self.redis.kill()

  def command(self, *parts, database=0):
    """Sends a command to Redis; None: Redis is unreachable."""
    try:
      client = self.redis.client(database)
      try:
        return client(*parts)
      finally:
        client.close()
    except (OSError, EOFError, Refused):
      return None

  def until(self, what, condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
      for thread in (self.wire, self.writer):
        if thread.problem:
          raise thread.problem
      if time.monotonic() > deadline:
        raise Unquiet(f"{what}: not within {seconds:g} s")
      time.sleep(0.02)
      if self.writer.lock.acquire(blocking=False):
        self.writer.attempt(self.writer.tick)
        self.writer.lock.release()

  # --- daemons ---

  def ensure_daemons(self):
    """Starts the daemons again that were ended."""
    for daemon in self.daemons:
      if not daemon.asked_to_end:
        continue
      daemon.signal(signal.SIGCONT)
      status = daemon.wait(30)
      if not daemon.ended_well(status):
        self.model.fail(6, f"daemon {daemon.number} ended with status {status} after SIGTERM")
        daemon.kill()
      daemon.start()

  def choose(self, whom):
    alive = [daemon for daemon in self.daemons if daemon.is_alive]
    fit = [daemon for daemon in alive if daemon.is_ready] or alive or self.daemons
    leading = [daemon for daemon in fit if daemon.is_leading]
    others = [daemon for daemon in fit if not daemon.is_leading]
    found = (leading or others) if whom == "leader" else (others or leading)
    return (found[0] if whom == "leader" else found[-1]).number

  def await_due(self, number):
    """Waits until about a millisecond before an occurrence that is known to come."""
    marks = self.command("HGETALL", MARKS, database=DATABASE) or []
    documents = self.writer.documents
    now = clock_now()
    soon = []
    for name, mark in zip(marks[::2], marks[1::2]):
      document = documents.get(name.decode())
      if document:
        due = int(mark[:20]) + document["interval"]["every"] * 1000
        if now < due < now + 300_000:
          soon.append(due)
    if soon:
      time.sleep(max(0, (min(soon) - clock_now() - 1000) / 1e6))
    return bool(soon)

  # --- one iteration ---

  def iterate(self, phase, whom, milliseconds, chosen):
    """Returns (whether the phase came, the daemon that it came to, the names of the faults that struck)."""
    self.stopwatch.begin("waiting for the phase")
    self.phase = phase
    has_come, number = self.await_phase(phase, self.choose(whom))
    self.stopwatch.begin("striking")
    active = [fault(self, number, values) for fault, values in chosen]
    struck = [fault.name for fault in active if fault.strike() is not False]
    self.stopwatch.begin("letting it act")
    time.sleep(milliseconds / 1000)
    self.stopwatch.begin("healing")
    for fault in reversed(active):
      fault.heal()
    self.release(number)
    self.stopwatch.begin("starting daemons")
    self.ensure_daemons()
    return has_come, number, struck

  def await_phase(self, phase, number):
    """Returns (whether the phase came, to which daemon)."""
    self.trapped_entry = None
    if phase == "just before due":
      return self.await_due(number), number
    trap = faults.arm(self.variant, phase)
    watched = self.watched(phase, number)
    if trap:
      self.wire.set_trap(watched, trap)
    if phase in faults.RECONNECTING:
      self.wire.disconnect(self.proxies[number])
    if phase in faults.STOPPING:
      self.daemons[number].terminate()
    if not trap:
      return True, number
    trap.caught.wait(faults.PATIENCE)
    self.wire.set_trap(watched, None)
    self.trapped_entry = trap.entry
    return trap.caught.is_set(), number if trap.number is None else trap.number

  # --- quiet ---

  def settle(self, patience):
    """Heals everything, waits until all that was due is fired, and checks. Returns the seconds that took."""
    self.stopwatch.begin("settling")
    self.heal_servers()
    self.ensure_daemons()
    for daemon in self.daemons:
      self.release(daemon.number)
    with self.writer.lock:
      self.writer.attempt(self.writer.write_stale)
      self.writer.attempt(self.writer.tick)
      began, since = time.monotonic(), clock_now()
      # A schedule that stays disabled would never be checked again, so all are enabled.
      for entry, document in list(self.writer.documents.items()):
        if not document["enabled"]:
          self.writer.attempt(self.writer.switch, entry)
      try:
        self.until("all that was due is fired", lambda: not self.behind(since), patience)
        self.until("all daemons are ready", lambda: all(daemon.is_ready for daemon in self.daemons), patience)
        took = time.monotonic() - began
        self.until("notifications are on", self.hears, patience)
        self.until("all daemons agree", self.agree(), patience)
      except Unquiet as error:
        took = time.monotonic() - began
        self.model.fail(7, f"{error}: {', '.join(self.behind(since)[:8])}")
      self.writer.attempt(self.writer.tick)
      self.check(since)
    return took

  def heal_servers(self):
    self.redis.signal(signal.SIGCONT)
    self.redis.start()

  def behind(self, since):
    """The entries whose newest fire is older than what was due at `since`, or older than their newest edit."""
    client = self.redis.client(DATABASE)
    names = client("KEYS", PREFIX + "*")
    documents = client("MGET", *names) if names else []
    marks = client("HGETALL", MARKS)
    client.close()
    marks = dict(zip(marks[::2], marks[1::2]))
    found = []
    for key, text in zip(names, documents):
      name = key[len(PREFIX):]
      document = parsed(text)
      mark = marks.get(name, b"")
      last = microseconds(document.get("last_run_at"))
      due, _, rest = mark.partition(b"|")
      if document["enabled"] and not (
        due and int(due) == last and not rest.startswith(b"|") and last + document["interval"]["every"] * 1000 > since
      ):
        found.append(name.decode())
    return found

  def hears(self):
    """Whether notifications are on, or no daemon needs them: one whose probe met the fault "notifications off" uses CLIENT
    TRACKING from then on."""
    if all(daemon.events == "tracking" for daemon in self.daemons):
      return True
    setting = (self.command("CONFIG", "GET", "notify-keyspace-events") or [b"", b""])[1]
    return b"K" in setting and b"A" in setting

  def agree(self):
    """Asks each daemon, by a SIGHUP, how many schedules it knows. Returns a condition: whether all know the right
    number."""
    expected = len(self.writer.documents)
    for daemon in self.daemons:
      daemon.reloaded.clear()
      daemon.signal(signal.SIGHUP)

    def condition():
      for daemon in self.daemons:
        if not daemon.reloaded:
          return False
        if daemon.reloaded[-1] != expected:  # It may not have noticed the newest edit yet.
          daemon.reloaded.clear()
          daemon.signal(signal.SIGHUP)
          time.sleep(0.02)
          return False
      return True
    return condition

  def take(self):
    """The queue, the oldest item first, and the documents of the same moment."""
    client = self.redis.client()
    items, names, documents = client("EVAL", _TAKE, 1, QUEUE, PREFIX + "*")
    client.close()
    return items[::-1], {
      name[len(PREFIX):].decode(): parsed(text) for name, text in zip(names, documents)}

  def replay(self):
    """Takes the queue's items into the model. Returns the documents of that moment."""
    items, documents = self.take()
    self.model.replay(items)
    return documents

  # --- a server that forgets ---

  def remember(self):
    """Saves the server's state, and what the suite knows of it."""
    with self.writer.lock:
      self.replay()
      self.redis.save()
      self.ledger.remember()
      self.memory = self.model.remember(), dict(self.writer.documents)

  def roll_back(self):
    memory, documents = self.memory
    self.model.roll_back(memory)
    self.writer.documents = dict(documents)

  def check(self, since):
    documents = self.replay()
    self.model.check_quiet(documents, since)
    for daemon in self.daemons:
      if daemon.has_died:
        self.model.fail(6, f"daemon {daemon.number} has ended by itself, status {daemon.process.returncode}")
        daemon.start()
        continue
      files, kilobytes = daemon.resources()
      if daemon.baseline is None:
        daemon.baseline = (files, kilobytes)
      self.growth[0] = max(self.growth[0], files - daemon.baseline[0])
      self.growth[1] = max(self.growth[1], kilobytes - daemon.baseline[1])
      if files > daemon.baseline[0] + 2:
        self.model.fail(6, f"daemon {daemon.number} has {files} open files, {daemon.baseline[0]} at first")
      if kilobytes > daemon.baseline[1] + 12_288:
        self.model.fail(6, f"daemon {daemon.number} holds {kilobytes} kB, {daemon.baseline[1]} at first")
    # The ledger drops what has been checked. The last minute is kept for late answers.
    self.ledger.forget(since - 60_000_000)
