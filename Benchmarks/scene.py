"""The scene of most figures: Redis on a unix socket with documents, and beat-watch at its default log level."""

import datetime
import os
import pathlib
import subprocess
import sys
import time

import redis

from stage import BEAT_WATCH, PROJECT, SERVER, Failed, Stage, clean_environment

PROGRAMS = PROJECT / "Benchmarks/.build/release"
PREFIX = "tasks:meta:"
QUEUE = "bench"


def note(text):
  print(f"bench: {text}", file=sys.stderr, flush=True)


def redis_version():
  return subprocess.run([SERVER, "--version"], capture_output=True, text=True).stdout.split("v=")[1].split()[0]


def command(*parts):
  return f"*{len(parts)}\r\n" + "".join(f"${len(part.encode())}\r\n{part}\r\n" for part in parts)


def idle_documents(count):
  """Documents that are not due: half are intervals, half are crontabs whose day is half a year away."""
  month = (datetime.date.today().month + 5) % 12 + 1
  for number in range(count):
    when = (
      '"interval": {"every": 300, "period": "days"}' if number % 2 else
      f'"crontab": {{"minute": "{number % 60}", "hour": "3", "day_of_week": "*", "day_of_month": "1", '
      f'"month_of_year": "{month}"}}')
    yield f"{PREFIX}idle:{number}", (
      f'{{"name": "idle:{number}", "task": "bench.idle", "enabled": true, {when}, "args": [{number}], '
      f'"kwargs": {{"region": "north"}}}}')


class Scene(Stage):
  def begin(self, *server_options):
    self.server = self.redis(*server_options)
    self.socket = f"{self.folder}/redis.sock"
    self.store = redis.Redis(unix_socket_path=self.socket, db=1)
    self.broker = redis.Redis(unix_socket_path=self.socket, db=0)
    self.daemon = None
    self.loaded = 0

  def load(self, documents):
    """SETs (key, document) pairs by redis-cli --pipe. Returns their number and the documents' bytes."""
    loader = subprocess.Popen(
      ["redis-cli", "-s", self.socket, "-n", "1", "--pipe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT, text=True, start_new_session=True)
    count = size = 0
    chunk = []
    for key, document in documents:
      count, size = count + 1, size + len(document)
      chunk.append(command("SET", key, document))
      if len(chunk) == 5000:
        loader.stdin.write("".join(chunk))
        chunk = []
    answer, _ = loader.communicate("".join(chunk))
    if f"replies: {count}" not in answer or "errors: 0" not in answer:
      raise Failed(f"the schedules could not be loaded: {answer}")
    self.loaded = count
    return count, size

  def start_daemon(self, *options, store=None, patience=60, program=BEAT_WATCH):
    """Starts beat-watch and waits until it is ready. `ready_after` is then the seconds that took, by its own log line.
    `store` is the URL of another store than this Redis, `program` another build."""
    self.log = pathlib.Path(self.folder) / "beat-watch.log"
    self.log.write_text("")
    url = f"redis+socket://{self.socket}?virtual_host="
    began = time.time()
    # The log goes to a file, as a service's does. With a pipe, reading it would be part of the measurement.
    self.daemon = self.start(
      "beat-watch", "sh", "-c", 'exec "$@" 2>"$0"', self.log, program, "run", "--store-url", store or f"{url}1",
      "--broker-url", f"{url}0", "--default-queue", QUEUE, *options, env=clean_environment())
    self.poll("beat-watch is ready", lambda: self.said(" ready "), patience + self.loaded / 2000)
    self.ready_after = moment(next(line for line in self.lines() if " ready " in line)) - began

  def end_daemon(self):
    """Sends SIGTERM. Raises Failed if the daemon does not end properly."""
    self.forget(self.daemon, "beat-watch")
    self.daemon = None

  def forget(self, program, name):
    status = self.end(program)
    self.programs.remove(program)
    if status != 0:
      raise Failed(f"{name} ended with status {status}; its last lines:\n" + "\n".join(program.lines[-10:]))

  def finished(self, what, program, seconds):
    """Waits for a program that ends by itself. Returns its lines, of which there may be at most twenty."""
    self.ending.add(program)
    self.wait(what, lambda: program.has_ended, seconds)
    self.programs.remove(program)
    if program.process.wait() != 0:
      raise Failed(f"{what}: " + "\n".join(program.lines[-5:]))
    return program.lines

  def poll(self, what, condition, seconds):
    """Does what `wait` does, for a condition that no line announces."""
    deadline = time.monotonic() + seconds
    while not condition():
      if time.monotonic() > deadline:
        raise Failed(f"{what}: not within {seconds} s; beat-watch says:\n" + "\n".join(self.lines()[-20:]))
      self.rest(0.01)

  def rest(self, seconds):
    self.until(lambda: False, seconds)

  def said(self, what):
    return what in self.log.read_text()

  def lines(self):
    return self.log.read_text().splitlines() if self.daemon else []

  # What the kernel knows about the daemon.

  def status(self, field, path="status"):
    text = pathlib.Path(f"/proc/{self.daemon.pid}/{path}").read_text()
    return int(next(line for line in text.splitlines() if line.startswith(field + ":")).split()[1])

  def resident(self):
    """The resident bytes. Most pages that are not anonymous are the program itself, which the kernel can drop and read
    again."""
    return 1024 * self.status("VmRSS")

  def wakeups(self):
    """How often a thread of the daemon slept and woke up."""
    tasks = pathlib.Path(f"/proc/{self.daemon.pid}/task").iterdir()
    return sum(self.status("voluntary_ctxt_switches", f"task/{task.name}/status") for task in tasks)

  def processor(self):
    """The daemon's processor time in nanoseconds."""
    return int(pathlib.Path(f"/proc/{self.daemon.pid}/schedstat").read_text().split()[0])

  def settle(self):
    """Waits until the daemon does nothing but its heartbeat."""
    quiet = [0.0, 0]  # The time since when it is quiet, and its wake-ups then.

    def is_quiet():
      if self.wakeups() > quiet[1] + 5:  # More than one heartbeat's.
        quiet[:] = time.monotonic(), self.wakeups()
      return time.monotonic() - quiet[0] > 1

    self.poll("beat-watch is quiet", is_quiet, 60 + self.loaded / 2000)


def smaps(pid):
  """The memory of a process by kinds, in bytes."""
  text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
  fields = {line.split(":")[0]: line.split()[1] for line in text.splitlines() if ":" in line.split()[0]}
  return {name: 1024 * int(fields[name]) for name in ("Rss", "Pss", "Private_Dirty")}


def moment(line):
  """The time of a line of the daemon's log, in seconds since 1970."""
  return datetime.datetime.fromisoformat(line.split()[0].replace("Z", "+00:00")).timestamp()


class Bystanders:
  """Measures the share of the processors that other programs used: with much of it a percentile means little."""

  def __init__(self, stage):
    self.stage = stage
    self.start = self._read()

  def _read(self):
    busy = [int(part) for part in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    own = sum(os.times()[:4]) * os.sysconf("SC_CLK_TCK")
    for program in self.stage.programs:
      fields = pathlib.Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()
      own += int(fields[11]) + int(fields[12])
    return sum(busy), sum(busy) - busy[3] - busy[4] - own

  def share(self):
    all_before, others_before = self.start
    all_now, others_now = self._read()
    return round(max(0, others_now - others_before) / max(1, all_now - all_before), 2)
