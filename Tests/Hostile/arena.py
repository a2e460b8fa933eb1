"""The real processes of one hostile set: a Redis, a leader and a standby, the victim's reader, and a janitor of
queues."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "Chaos"))

from resp import Refused  # noqa: E402
from servers import Redis, spawn  # noqa: E402

import victim  # noqa: E402
from measures import percentile  # noqa: E402

STOP_PATIENCE = 5  # seconds; the daemon's own patience, see docs/internals.md


class Failed(Exception):
  """The stage cannot be set up. The text says why."""


def wait_until(condition, seconds, what):
  deadline = time.monotonic() + seconds
  while not condition():
    if time.monotonic() > deadline:
      raise Failed(f"{what}: not within {seconds} s")
    time.sleep(0.02)


class Watcher:
  """One beat-watch. Its log goes to a file, and not through this process."""

  def __init__(self, arena, name, url=None, options=(), log_format="text"):
    self.name = name
    self.log_path = arena.folder / f"{name}.log"
    self.log = open(self.log_path, "ab", buffering=0)
    self.environment = arena.environment(url) | {"BEAT_WATCH_LOG_FORMAT": log_format}
    self.command = [arena.binary, "run", *options]
    self.process = None

  def start(self):
    self.process = spawn(self.command, env=self.environment, stdout=subprocess.DEVNULL, stderr=self.log)
    return self

  @property
  def pid(self):
    return self.process.pid

  @property
  def log_bytes(self):
    return os.fstat(self.log.fileno()).st_size

  @property
  def is_alive(self):
    return self.process.poll() is None

  def has_logged(self, words, limit=1 << 24):
    with open(self.log_path, "rb") as log:
      return words in log.read(limit)

  def lines(self, count=8):
    """The last lines of the log, each shortened."""
    with open(self.log_path, "rb") as log:
      log.seek(max(0, self.log_bytes - 20_000))
      return [line[:200].decode(errors="replace") for line in log.read().splitlines()[-count:]]

  def stop(self, patience):
    """Returns (seconds until it ended, its status). The status is None if it did not end and was killed."""
    begin = time.monotonic()
    self.process.send_signal(signal.SIGTERM)
    try:
      status = self.process.wait(patience)
    except subprocess.TimeoutExpired:
      status = None
      self.process.kill()
      self.process.wait()
    return time.monotonic() - begin, status


class Reader:
  """Receives the victim's messages as they arrive."""

  def __init__(self, arena):
    self.process = spawn(
      [sys.executable, HERE / "victim.py", arena.redis.path, arena.store,
       arena.broker_redis.path, arena.broker],
      stdout=subprocess.PIPE, stderr=open(arena.folder / "reader.log", "wb"), text=True)
    self.arrivals = []  # (arrival in microseconds, task id, lateness by the server in microseconds or -1)
    threading.Thread(target=self._read, daemon=True).start()

  def _read(self):
    for line in self.process.stdout:
      arrival, task, late = line.split()
      self.arrivals.append((int(arrival), task, int(late)))


class Janitor(threading.Thread):
  """Empties the hostile queues as workers would, and parses the messages as a worker's Python does."""

  def __init__(self, arena, queues=("hostile", "celery")):
    super().__init__(daemon=True)
    self.client = arena.broker_redis.client(arena.broker, 60)
    self.queues = queues
    self.taken = 0
    self.looks = 2  # how many messages of each queue it parses each time
    self.unreadable = {}  # reason -> the message's beginning
    self.is_over = False

  def run(self):
    try:
      while not self.is_over:
        for queue in self.queues:
          self.empty(queue)
        time.sleep(0.1)
    except (OSError, EOFError):
      pass

  def empty(self, queue):
    try:
      for message in self.client("LRANGE", queue, 0, self.looks - 1):
        self.look_at(message)
      self.taken += self.client("LLEN", queue)
    except Refused:
      pass
    self.client("UNLINK", queue)

  def look_at(self, message):
    import base64
    try:
      text = json.loads(message)
      json.loads(base64.b64decode(text["body"]))
    except Exception as error:  # Any error that a worker would have.
      self.unreadable[f"{type(error).__name__}: {error}"[:120]] = message[:200]


class Arena:
  """`with Arena(...) as arena:` gives the processes, and ends all of them."""

  def __init__(self, name, binary, options=(), same_database=False, has_standby=True, queues=("hostile", "celery"),
               two_servers=False, rights=None):
    self.folder = PROJECT / ".build" / "hostile" / f"{name}.{os.getpid()}"
    self.binary = str(binary)
    self.options = [*options]
    self.store, self.broker = 1, 1 if same_database else 0
    self.has_standby = has_standby
    self.two_servers = two_servers
    self.rights = rights
    self.queues = queues
    self.daemons = []

  def __enter__(self):
    shutil.rmtree(self.folder, ignore_errors=True)
    self.folder.mkdir(parents=True)
    self.redis = Redis(self.folder, durable=False)
    self.redis.start()
    self.broker_redis = self.redis
    if self.two_servers:
      (self.folder / "broker").mkdir()
      self.broker_redis = Redis(self.folder / "broker", durable=False)
      self.broker_redis.start()
    self.client = self.redis.client(self.store, 60)
    if self.rights:
      self.client("ACL", "SETUSER", "daemon", "on", ">secret", "resetchannels", "allchannels", *self.rights)
    self.reader = self.janitor = None
    return self

  def __exit__(self, kind, *_):
    if self.janitor:
      self.janitor.is_over = True
    for daemon in self.daemons:
      if daemon.is_alive:
        daemon.process.kill()
        daemon.process.wait()
      daemon.log.close()
    if self.reader:
      self.reader.process.kill()
    self.redis.kill()
    if self.broker_redis is not self.redis:
      self.broker_redis.kill()
    for dump in self.folder.glob("*.rdb"):
      dump.unlink()
    for log in self.folder.glob("*.log"):
      if log.stat().st_size > 64 << 20:  # An hour of the adversary writes less.
        with open(log, "rb+") as file:
          file.seek(-(16 << 20), os.SEEK_END)
          end = file.read()
          file.seek(0)
          file.write(end)
          file.truncate()

  def environment(self, url=None):
    user = "daemon:secret@" if self.rights else ""
    store = url or f"redis+socket://{user}{self.redis.path}?virtual_host=%d"
    broker = url or f"redis+socket://{user}{self.broker_redis.path}?virtual_host=%d"
    return {k: v for k, v in os.environ.items() if not k.startswith(("CELERY_", "BEAT_WATCH_"))} | {
      "CELERY_REDIS_SCHEDULER_URL": store % self.store, "CELERY_BROKER_URL": broker % self.broker}

  def start_daemons(self, urls=(None, None)):
    """Starts the daemons: the first leads, the second stands by. The victim has then been fired once, and its reader
    waits for more."""
    for name, url, log_format in (("leader", urls[0], "text"), ("standby", urls[1], "json")):
      if name == "standby" and not self.has_standby:
        continue
      daemon = Watcher(self, name, url, self.options, log_format).start()
      self.daemons.append(daemon)
      words = b"leading" if name == "leader" else b"standing by"
      ready = b" ready " if log_format == "text" else b'"ready"'
      wait_until(lambda: daemon.has_logged(ready) or daemon.has_logged(words), 30, f"{name} is ready")
    wait_until(lambda: self.daemons[0].has_logged(b"leading"), 30, "the first one leads")

  def kill_and_start(self):
    """Kills and starts all daemons at the same time. One of them leads when the killed one's lease has run out."""
    for daemon in self.daemons:
      daemon.process.kill()
      daemon.process.wait()
    known = [daemon.log_bytes for daemon in self.daemons]
    for daemon in self.daemons:
      daemon.start()

    def says(words, daemon, begin):
      with open(daemon.log_path, "rb") as log:
        log.seek(begin)
        return words in log.read(1 << 22)
    wait_until(lambda: all(says(b"ready", *each) for each in zip(self.daemons, known)), 60, "the daemons are ready again")
    wait_until(lambda: any(says(b"leading", *each) for each in zip(self.daemons, known)), 60, "one of them leads again")

  def stall(self, seconds):
    """Stops Redis for some seconds."""
    self.redis.signal(signal.SIGSTOP)
    time.sleep(seconds)
    self.redis.signal(signal.SIGCONT)

  def restart(self):
    """Starts the first daemon again after it ended in any way, and waits until it leads."""
    daemon = self.daemons[0]
    if daemon.is_alive:
      daemon.process.kill()
    daemon.process.wait()
    self.client("DEL", "reactivebeat:tasks:meta:lease")  # The lease of a daemon that could not give it back.
    known = daemon.log_bytes
    daemon.start()

    def leads():
      with open(daemon.log_path, "rb") as log:
        log.seek(known)
        return b"leading" in log.read()
    wait_until(leads, 30, "it leads again")

  def start_victim(self, more=""):
    self.client("SET", victim.KEY, victim.document(more))
    self.reader = Reader(self)
    wait_until(lambda: self.reader.arrivals, 30, "the victim's first message")
    first = self.reader.arrivals[0]
    self.phase = victim.due_of_last_run(self.client("GET", victim.KEY))
    wait_until(lambda: first[1] in (victim.task_id(victim.KEY, self.phase - n * 1_000_000) for n in range(10)), 1,
               "the victim's task id is the one of its due time")

  def start_janitor(self, looks=2):
    self.janitor = Janitor(self, self.queues)
    self.janitor.looks = looks
    self.janitor.start()

  # --- judging ---

  def dues(self, begin, end):
    """The victim's due times in microseconds, from `begin` on and before `end`."""
    first = self.phase + -(-(begin - self.phase) // 1_000_000) * 1_000_000
    return list(range(first, end, 1_000_000))

  def lateness(self, begin, end):
    """For what was due in that time: {due: (seconds late on arrival, seconds late by the server or None)}, the due
    times that have not come, and how many came twice."""
    by_id = {}
    for arrival, task, late in list(self.reader.arrivals):
      by_id.setdefault(task, []).append((arrival, late))
    came, missing, twice = {}, [], 0
    for due in self.dues(begin, end):
      found = by_id.get(victim.task_id(victim.KEY, due))
      if not found:
        missing.append(due)
        continue
      twice += len(found) - 1
      arrival, late = found[0]
      came[due] = ((arrival - due) / 1e6, late / 1e6 if late >= 0 else None)
    return came, missing, twice


def summary_of(came):
  """p99 of the lateness in milliseconds: on arrival, and, where it is known, by Redis' clock at the push."""
  arrival = percentile([late for late, _ in came.values()], 0.99)
  server = percentile([late for _, late in came.values() if late is not None], 0.99)
  return (None if arrival is None else arrival * 1000), (None if server is None else server * 1000)
