"""The real processes: one redis-server, and the daemons. All of them die with this process."""

import collections
import functools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

from resp import Client, Refused

SERVER = os.environ.get("REACTIVEBEAT_TEST_SERVER", "redis-server")  # The variable that the tests use.
# In a cluster all keys have one hash tag, and there is only database 0.
TAG = os.environ.get("CHAOS_HASH_TAG", "")
PREFIX = f"{TAG}:tasks:" if TAG else "tasks:meta:"
DATABASE = 0 if TAG else 1  # the documents' database
LEASE = f"reactivebeat:{PREFIX}lease"


def spawn(arguments, **options):
  """Starts a child. Call it on the main thread: the kernel kills the child when the thread that started it dies."""
  return subprocess.Popen(
    ["setpriv", "--pdeathsig", "KILL", "--", *map(str, arguments)], stdin=subprocess.DEVNULL, start_new_session=True,
    **options)


@functools.cache
def debug_commands():
  """The options that allow DEBUG. Redis before 7.0 always allows it, and does not know the option."""
  version = subprocess.run([SERVER, "--version"], capture_output=True, text=True, check=True).stdout
  return [] if " v=6." in version else ["--enable-debug-command", "yes"]


class Redis:
  """Keeps acknowledged writes through `kill` if `durable`, else only the state of the last `save`.

  That holds for `kill`, not for a power failure: acknowledged writes have reached the kernel.
  """

  def __init__(self, folder, durable, options=()):
    self.options = options
    self.folder = pathlib.Path(folder)
    self.path = str(self.folder / "redis.sock")
    self.durable = durable
    self.process = None
    self.environment = {}
    self.starts = 0

  def start(self):
    if self.process and self.process.poll() is None:
      return
    pathlib.Path(self.path).unlink(missing_ok=True)
    keeping = ["--appendonly", "yes", "--appendfsync", "no", "--auto-aof-rewrite-min-size", "4mb"]
    with open(self.folder / "redis.log", "ab") as log:
      self.process = spawn(
        [SERVER, "--port", 0, "--unixsocket", self.path, "--dir", self.folder, "--save", "", *debug_commands(),
         *(keeping if self.durable else ["--appendonly", "no"]), *self.options],
        stdout=log, stderr=log, env=os.environ | self.environment)
    self.starts += 1
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
      try:
        if self.client()("PING") == b"PONG":
          return
      except (OSError, EOFError, Refused):
        time.sleep(0.005)
    raise RuntimeError(f"redis-server is not ready after 30 s; see {self.folder}/redis.log")

  def client(self, database=0, timeout=10):
    return Client(self.path, database, timeout)

  def kill(self):
    self.process.kill()
    self.process.wait()

  def signal(self, number):
    self.process.send_signal(number)

  # --- for a server that forgets ---

  def save(self):
    """Saves the present state, to come back to it."""
    self.client()("SAVE")
    shutil.copy(self.folder / "dump.rdb", self.folder / "old.rdb")

  def start_with_old_data(self):
    shutil.copy(self.folder / "old.rdb", self.folder / "dump.rdb")
    self.start()


class Daemon:
  """One beat-watch behind its proxy, which the suite can start again and again.

  If there are two builds, each start takes the other one. Of three daemons both builds are among the first, and every
  kill and SIGTERM is an upgrade or a downgrade.
  """

  def __init__(self, number, binaries, port, folder, options, redis):
    self.number = number
    self.binaries = binaries
    self.options = options
    self.log_path = pathlib.Path(folder) / f"daemon-{number}.log"
    self.redis = redis
    self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("CELERY_", "BEAT_WATCH_"))} | {
      "CELERY_REDIS_SCHEDULER_URL": f"redis://127.0.0.1:{port}/1", "CELERY_BROKER_URL": f"redis://127.0.0.1:{port}/0",
      "BEAT_WATCH_LEASE_TTL": "1", "BEAT_WATCH_LOG_FORMAT": "json"}
    self.process = None
    self.asked_to_end = False
    self.tail = collections.deque(maxlen=400)
    self.lock = threading.Lock()
    self.is_leading = False
    self.is_ready = False
    self.starts = 0
    self.other_starts = 0  # how often the other build was started
    self.leads = [0, 0]  # how often it began to lead, by build
    self.possible_repeats = 0  # messages that it has logged as such

  @property
  def build(self):
    """The build of the next start, as its index."""
    return (self.number + self.starts) % len(self.binaries)

  def start(self):
    self.asked_to_end = False
    self.terminations = 0
    self.is_leading = self.is_ready = False
    self.events = ""  # how it hears of edits: "keyspace", "tracking" or "polling"
    self.baseline = None  # (open files, resident kilobytes) when the stage first settled
    self.reloaded = []  # the numbers of schedules that it logged after a SIGHUP
    build = self.build
    self.process = spawn(
      [self.binaries[build], "run", *self.options], env=self.environment, stdout=subprocess.DEVNULL,
      stderr=subprocess.PIPE)
    self.starts += 1
    self.other_starts += build
    self.reader = threading.Thread(target=self._read, args=(self.process, build), daemon=True)
    self.reader.start()

  def _read(self, process, build):
    with open(self.log_path, "ab") as log:
      for line in process.stderr:
        log.write(line)
        log.flush()
        try:
          event = json.loads(line)
        except ValueError:
          event = {"msg": line.decode(errors="replace").rstrip()}
        with self.lock:
          self.tail.append(event)
          self._take(event)
          self.leads[build] += event["msg"] == "leading"

  def _take(self, event):
    message = event["msg"]
    if message == "leading":
      self.is_leading = True
    elif message == "standing by":
      self.is_leading = False
    elif message in ("ready", "reconnected") or message == "reloaded" and "events" in event:
      self.is_ready = True
      self.events = event.get("events", "")
    elif message == "possible repeats":
      self.possible_repeats += event["count"]
    elif message == "disconnected":
      self.is_ready = False
    elif message == "reloaded" and "events" not in event:
      self.reloaded.append(event["schedules"])

  def signal(self, number):
    if self.is_alive:
      self.process.send_signal(number)

  @property
  def is_alive(self):
    return self.process.poll() is None

  @property
  def has_died(self):
    """Whether it has ended without being asked to."""
    return not self.is_alive and not self.asked_to_end

  def kill(self):
    self.asked_to_end = True
    self.process.kill()
    self.process.wait()

  def terminate(self):
    self.asked_to_end = True
    self.terminations += 1
    self.signal(signal.SIGTERM)

  def wait(self, patience):
    """The exit status; None: it goes on."""
    try:
      return self.process.wait(patience)
    except subprocess.TimeoutExpired:
      return None

  def ended_well(self, status):
    """Whether it ended well after it was asked to. A second SIGTERM ends it at once. A daemon that has hardly begun
    does not handle signals yet, and one that has finished does not handle them any more."""
    return (
      status in (0, -signal.SIGKILL) or status in (1, -signal.SIGTERM) and self.terminations > 1
      or status == -signal.SIGTERM and not self.is_ready)

  def resources(self):
    """(open files, resident kilobytes)"""
    folder = f"/proc/{self.process.pid}"
    with open(f"{folder}/statm") as statm:
      pages = int(statm.read().split()[1])
    return len(os.listdir(f"{folder}/fd")), pages * os.sysconf("SC_PAGE_SIZE") // 1024

  def excerpt(self, count=12):
    with self.lock:
      return [
        " ".join(str(v) for k, v in event.items() if k not in ("broker", "store", "prefix", "task", "queue"))
        for event in list(self.tail)[-count:]]
