"""A user who edits documents while the daemons run: with care, without care, and with copies that have grown stale.

Each edit also pushes a marker into the queue, in the same script. So the queue alone shows the order of edits and
fires. A marker is `M<microseconds> <the lease's token, or -> <the edit as JSON>\\n<the document stored after the
edit>`.
"""

import json
import random
import threading
import time

from dates import clock_now
from resp import Refused
from servers import DATABASE, LEASE, PREFIX, TAG

QUEUE = f"{TAG}celery"
OPERATION = f"{TAG}chaos:operation"
NAMES = [f"e{i:02d}" for i in range(54)]
INTERVALS = [100, 150, 200, 250, 300, 400, 500, 600, 700, 800, 900, 1000]  # milliseconds

EDIT = """
local t = redis.call('TIME')
local stands = ''
redis.call('SELECT', DATABASE)
if ARGV[1] == 'set' then
  redis.call('SET', KEYS[3], ARGV[4])
  stands = ARGV[4]
elseif ARGV[1] == 'del' then
  redis.call('DEL', KEYS[3])
elseif ARGV[1] == 'rename' then
  stands = redis.call('GET', KEYS[3])
  if stands then redis.call('RENAME', KEYS[3], KEYS[4]) end
elseif ARGV[1] == 'flush' then
  redis.call('FLUSHDB')
end
local lease = redis.call('GET', KEYS[5]) or '-'
redis.call('SELECT', 0)
if stands then
  local head = string.format('M%.0f %s ', t[1] * 1000000 + t[2], lease)
  redis.call('LPUSH', KEYS[1], head .. ARGV[3] .. '\\n' .. stands)
end
redis.call('SET', KEYS[2], ARGV[2])
""".replace("DATABASE", str(DATABASE))


def iso(microseconds):
  seconds, rest = divmod(microseconds, 1_000_000)
  return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:06d}Z"


class Writer(threading.Thread):
  def __init__(self, redis, seed, edits):
    super().__init__(daemon=True, name="writer")
    self.redis = redis
    self.random = random.Random(f"{seed}/writer")
    self.edits = dict(edits)  # kind of edit -> weight
    self.lock = threading.RLock()  # held during an edit; a thread that holds it stops the editing
    self.documents = {}  # entry -> the document last written, without bookkeeping
    self.first_dates = {}  # entry -> the last_run_at with which it was made, if it had one
    self.patience = 5  # seconds to wait for a reply
    self.script = EDIT
    self.intervals = INTERVALS
    self.extra = {}  # fields that every document gets
    self.stale = []  # (entry, document read a while ago)
    self.revision = 0
    self.operation = 0
    self.commands = self.reads = None
    self.done = {}
    self.is_over = False
    self.problem = None

  def run(self):
    try:
      while not self.is_over:
        with self.lock:
          self.attempt(self.tick)
          if self.random.random() < 0.5:
            self.attempt(self.step)
        time.sleep(self.random.uniform(0.02, 0.06))
    except BaseException as error:
      self.problem = error
      raise

  def attempt(self, action, *arguments):
    """Does an edit. Returns whether it happened: while Redis is unreachable nothing does."""
    try:
      action(*arguments)
      return True
    except (OSError, EOFError, Refused):
      self.commands = self.reads = None
      return False

  def connect(self):
    if self.commands is None:
      self.commands, self.reads = self.redis.client(0, self.patience), self.redis.client(DATABASE, self.patience)

  # --- edits ---

  def tick(self):
    """Pushes a marker without an edit, so that the time of every fire is known to some hundredths of a second."""
    self._edit("tick", {})

  def fill(self, count):
    for name in NAMES[:count]:
      self.set(name, self.document(name), "known")

  def step(self, kind=None, entry=None):
    kind = kind or self.random.choices(list(self.edits), self.edits.values())[0]
    alive = sorted(self.documents)
    absent = [name for name in NAMES if name not in self.documents]
    if not alive:
      return self.fill(50)
    entry = entry if entry in self.documents else self.random.choice(alive)
    self.done[kind] = self.done.get(kind, 0) + 1
    getattr(self, kind)(entry, alive, absent)

  def blind(self, entry, *_):
    """Writes the user's own copy with a change, without the daemon's bookkeeping."""
    self.set(entry, self.changed(entry))

  def again(self, entry, *_):
    """Writes the user's own copy as it was written before, byte for byte."""
    self.set(entry, self.documents[entry])

  def deploy(self, *_):
    """Writes all of the user's copies as they were written before."""
    for entry in list(self.documents):
      self.again(entry)

  def reset(self, entry, *_):
    """Writes the document with the bookkeeping that it had when it was made."""
    self.set(entry, self.changed(entry) | self.first_dates.get(entry, {}) | {"total_run_count": 0})

  def double(self, entry, *_):
    self.blind(entry)
    self.blind(entry)

  def read(self, entry, *_):
    """Does the first half of a read-modify-write. The second half comes much later."""
    self.connect()
    text = self.reads("GET", PREFIX + entry)
    try:
      document = json.loads(text or "null")
    except ValueError:  # The writer has not written it so: the model reports it.
      return
    if document:
      self.stale.append((entry, document))
      if len(self.stale) > 4:
        self.write_stale()

  def write_stale(self, *_):
    if self.stale:
      entry, document = self.stale.pop(0)
      self.set(entry, document | {"kwargs": self.fresh_kwargs()})

  def careful(self, entry, *_):
    """Does a read-modify-write at once."""
    self.read(entry)
    if self.stale and self.stale[-1][0] == entry:
      self.stale.insert(0, self.stale.pop())
      self.write_stale()

  def reschedule(self, entry, *_):
    every = self.random.choice(self.intervals)
    self.set(entry, self.changed(entry) | {"interval": {"every": every, "period": "milliseconds"}})

  def switch(self, entry, *_):
    self.set(entry, self.changed(entry) | {"enabled": not self.documents[entry]["enabled"]})

  def delete(self, entry, alive, _):
    if len(alive) > 46:
      self.remove(entry)

  def create(self, _, __, absent):
    if absent:
      name = self.random.choice(absent)
      self.set(name, self.document(name), self.random.choice(["known", "fresh", "immediate"]))

  def flap(self, entry, *_):
    """Deletes the document and makes it again, as some editors save."""
    self.remove(entry)
    time.sleep(self.random.choice([0, 0, 0.001, 0.003, 0.01]))
    self.set(entry, self.document(entry), self.random.choice(["known", "fresh", "immediate"]))

  def rename(self, entry, alive, absent):
    onto = self.random.choice(absent if absent and self.random.random() < 0.5 else alive)
    if onto != entry:
      self._edit("rename", {"from": entry, "to": onto}, entry, onto)
      self.documents[onto] = self.documents.pop(entry)
      self.first_dates.pop(onto, None)

  def flush(self, *_):
    self._edit("flush", {})
    self.documents.clear()
    self.first_dates.clear()
    self.stale.clear()
    self.fill(50)

  # --- documents ---

  def fresh_kwargs(self):
    self.revision += 1
    return {"revision": self.revision}

  def document(self, entry):
    return {
      "name": entry, "task": "chaos.task", "enabled": True,
      "interval": {"every": self.random.choice(self.intervals), "period": "milliseconds"}, "args": [],
      "kwargs": self.fresh_kwargs(), "catchup": self.random.choice(["all", "all", "all", "latest"])} | self.extra

  def changed(self, entry):
    return self.documents[entry] | {"kwargs": self.fresh_kwargs()}

  def set(self, entry, document, start=None):
    """Writes a document. `start`: "known": its occurrences count from a time that the document names; "fresh": they
    count from when the daemon first sees it; "immediate": it runs at once."""
    text = dict(document)
    if start == "known":
      # The time is after any occurrence that can have been fired under this name.
      text["last_run_at"] = iso(clock_now() + 200_000)
    elif start == "immediate":
      text["run_immediately"] = True
    if self._edit("set", {"entry": entry}, entry, document=json.dumps(text)):
      bookkeeping = ("last_run_at", "total_run_count", "run_immediately")
      self.documents[entry] = {key: item for key, item in text.items() if key not in bookkeeping}
      if start == "known":
        self.first_dates[entry] = {"last_run_at": text["last_run_at"]}

  def remove(self, entry):
    self._edit("del", {"entry": entry}, entry)
    self.documents.pop(entry, None)

  def _edit(self, kind, about, entry="", onto="", document=""):
    """Makes the edit and its marker. Raises if Redis becomes unreachable and the edit did not happen."""
    self.operation += 1
    arguments = (
      "EVAL", self.script, 5, QUEUE, OPERATION, PREFIX + entry, PREFIX + onto, LEASE, kind, self.operation,
      json.dumps({"kind": kind} | about), document)
    try:
      self.connect()
      self.commands(*arguments)
    except (OSError, EOFError):
      self.commands = None
      if not self._happened():
        raise
    return True

  def _happened(self):
    """Whether an edit whose answer was lost has happened. Waits until Redis is back."""
    for _ in range(2000):
      try:
        self.connect()
        return int(self.commands("GET", OPERATION) or 0) == self.operation
      except (OSError, EOFError, Refused):
        self.commands = None
        time.sleep(0.005)
    raise RuntimeError("Redis has not come back")
