"""A stage for scripts/quickstart and scripts/bench: programs whose lines are read as they come, a private Redis, and a
private RabbitMQ.

No program outlives the stage: not after an error, not after a signal, and not when this process is killed.
"""

import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(PROJECT / "Tests/Servers"))

import rabbit_program  # noqa: E402

BEAT_WATCH = PROJECT / ".build/release/beat-watch"
SERVER = os.environ.get("REACTIVEBEAT_TEST_SERVER", "redis-server")  # The variable that the tests use.


class Failed(Exception):
  """Something that should have happened has not. The text says what."""


class Interrupted(Exception):
  """A signal has asked this process to end."""

  def __init__(self, number):
    super().__init__(signal.Signals(number).name)
    self.number = number


class Program:
  """A child process. Each line of its standard output and standard error goes to `events`, and after the last one
  None."""

  def __init__(self, name, arguments, events, **options):
    self.name = name
    self.lines = []  # The newest lines, for error texts.
    self.has_ended = False  # Whether its last line has been handled.
    # The kernel kills the child when this process dies, whatever the cause. The child has its own session, so that a
    # Ctrl-C reaches this process alone.
    self.process = subprocess.Popen(
      ["setpriv", "--pdeathsig", "KILL", "--", *map(str, arguments)], stdin=subprocess.DEVNULL,
      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, text=True, errors="replace", **options)
    self.reader = threading.Thread(target=self._read, args=(events,), daemon=True)
    self.reader.start()

  def _read(self, events):
    for line in self.process.stdout:
      line = line.rstrip("\n")
      self.lines = (self.lines + [line])[-20:]
      events.put((self, line))
    events.put((self, None))

  @property
  def pid(self):
    return self.process.pid

  def end(self, patience=10):
    """Sends SIGTERM, and SIGKILL if the program has not ended within `patience` seconds. Returns the exit status."""
    if self.process.poll() is None:
      self.process.terminate()
    try:
      return self.process.wait(patience)
    except subprocess.TimeoutExpired:
      self.kill()
      return self.process.wait()

  def kill(self):
    if self.process.poll() is None:
      self.process.kill()


class Stage:
  """`with Stage("name") as stage:` gives a folder under .build, and ends all of the stage's programs."""

  def __init__(self, name, on_line=None):
    self.name = name
    self.on_line = on_line or (lambda program, line: None)
    # SimpleQueue allows a signal handler to put an item while the same thread takes one.
    self.events = queue.SimpleQueue()
    self.programs = []
    self.ending = set()
    self.signals = 0

  def __enter__(self):
    (PROJECT / ".build").mkdir(exist_ok=True)
    for left in (PROJECT / ".build").glob(f"{self.name}.[0-9]*"):  # Folders of killed runs.
      if not os.path.exists(f"/proc/{left.suffix[1:]}"):
        shutil.rmtree(left, ignore_errors=True)
    self.folder = str(PROJECT / f".build/{self.name}.{os.getpid()}")
    os.mkdir(self.folder, 0o700)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
      signal.signal(number, self._interrupted)
    return self

  def __exit__(self, *_):
    for program in reversed(self.programs):
      program.end()
    shutil.rmtree(self.folder, ignore_errors=True)

  def _interrupted(self, number, _):
    self.signals += 1
    if self.signals == 1:
      self.events.put(Interrupted(number))
    else:  # The user has asked a second time.
      for program in self.programs:
        program.kill()
      shutil.rmtree(self.folder, ignore_errors=True)
      os._exit(128 + number)

  def start(self, name, *arguments, **options):
    program = Program(name, arguments, self.events, **options)
    self.programs.append(program)
    return program

  def end(self, program):
    """Ends a program and handles its last lines."""
    self.ending.add(program)
    status = program.end()
    program.reader.join()
    try:
      while True:
        self._take(self.events.get_nowait())
    except queue.Empty:
      return status

  def wait(self, what, condition, seconds):
    """Hands lines to `on_line` until `condition()` holds. Raises Failed with the text `what` if it does not hold within
    `seconds`."""
    if not self.until(condition, seconds):
      raise Failed(f"{what}: not within {seconds} s")

  def until(self, condition, seconds):
    """Hands lines to `on_line` until `condition()` holds, for at most `seconds`. Returns whether it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
      try:
        self._take(self.events.get(timeout=max(0, deadline - time.monotonic())))
      except queue.Empty:
        return condition()
    return True

  def _take(self, event):
    if isinstance(event, Interrupted):
      raise event
    program, line = event
    if line is not None:
      return self.on_line(program, line)
    program.has_ended = True
    if program not in self.ending:
      end = "".join(f"\n  {line}" for line in program.lines)
      raise Failed(f"{program.name} has ended by itself (exit status {program.process.wait()}); its last lines:{end}")

  def redis(self, *arguments, port=None):
    """Starts a private Redis that writes nothing to disk, on `port` or else on a unix socket in the stage's folder."""
    address = ["--port", port] if port else ["--port", 0, "--unixsocket", f"{self.folder}/redis.sock"]
    program = self.start(
      "redis", SERVER, *address, "--bind", "127.0.0.1", "--dir", self.folder, "--save", "", "--appendonly",
      "no", *arguments)
    self.wait(
      "redis-server ready", lambda: any("ready to accept connections" in line.lower() for line in program.lines), 20)
    return program

  def rabbitmq(self):
    """Starts a private RabbitMQ in the stage's folder, with an epmd of its own. Returns its port, where the user
    `guest` has all rights in the virtual host `/`."""
    place = rabbit_program.Place(f"{self.folder}/rabbitmq")
    place.configure()
    self.start("epmd", *place.epmd())
    program = self.start("rabbitmq", *place.server())
    self.wait(
      "rabbitmq-server ready", lambda: any("Starting broker... completed" in line for line in program.lines), 120)
    return place.port


def free_port():
  with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    return probe.getsockname()[1]


def clean_environment(**more):
  """The environment without variables that would lead the stage's programs elsewhere, and with `more`."""
  foreign = ("CELERY_", "BEAT_WATCH_", "PYTHON")
  return {k: v for k, v in os.environ.items() if not k.startswith(foreign)} | more


def percentile(values, share):
  """The value at a share of the sorted values, by nearest rank; None if there are no values."""
  ordered = sorted(values)
  return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None
