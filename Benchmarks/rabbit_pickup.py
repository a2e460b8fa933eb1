"""From an edit to its message at a consumer: scripts/bench rabbitmq pickup.

From before the SET of a new schedule that runs at once until a client that waits for the queue has its message. Three
daemons on one Redis take turns: with RabbitMQ as the broker, with the same Redis, and with another Redis, to which
messages also go through the outbox. The floor is RabbitMQ alone: from before a message's frames are written until the
same consumer has it.
"""

import select
import socket
import time

import redis

from rabbit_scene import RabbitScene, sentence
from scene import PREFIX, PROGRAMS, QUEUE, command, idle_documents, note
from stage import SERVER, Failed, percentile

TURN = 25  # Edits of one kind in a row, before the next kind.
PATIENCE = 30
KINDS = {"floor": "RabbitMQ alone, from a publish", "rabbitmq": "RabbitMQ, through the outbox",
         "another": "another Redis, through the outbox", "redis": "the store's own Redis"}


class Line:
  """A raw connection to Redis over its unix socket."""

  def __init__(self, path, database):
    self.socket = socket.socket(socket.AF_UNIX)
    self.socket.connect(path)
    self.send("SELECT", str(database))
    self.receive(b"+OK")

  def send(self, *words):
    self.socket.sendall(command(*words).encode())

  def receive(self, what):
    """Reads until a reply that ends with a line has these bytes in it. Returns when the first of them came."""
    came = wait(self.socket)
    reply = b""
    while not reply.endswith(b"\r\n") or what not in reply:
      part = self.socket.recv(1 << 16)
      if not part:
        raise Failed("Redis has gone")
      reply += part
    return came


def wait(source):
  """Waits for the first bytes. Returns when they came."""
  if not select.select([source], [], [], PATIENCE)[0]:
    raise Failed(f"nothing has come within {PATIENCE} s")
  return time.monotonic_ns()


class Consumer:
  """Takes the messages of RabbitMQ's queue as they come."""

  def __init__(self, scene):
    self.connection = scene.connect()
    self.messages = []
    self.connection.channel().basic_consume(QUEUE, no_ack=True, callback=self.messages.append)

  def expect(self):
    pass

  def receive(self, task):
    came = wait(self.connection.sock)
    while not self.messages:
      self.connection.drain_events(timeout=PATIENCE)
    message = self.messages.pop()
    if self.messages or message.headers["task"] != task:
      raise Failed(f"a message of {message.headers['task']} has come instead of {task}")
    return came


class Popper:
  """A client that is blocked on Redis' queue."""

  def __init__(self, path, database):
    self.line = Line(path, database)

  def expect(self):
    self.line.send("BRPOP", QUEUE, str(PATIENCE))

  def receive(self, task):
    return self.line.receive(f'"{task}"'.encode())


class Editor:
  """SETs schedules under one prefix."""

  def __init__(self, scene, prefix):
    self.line = Line(scene.socket, 1)
    self.prefix = prefix

  def __call__(self, number, task):
    """Returns the moment before."""
    text = (f'{{"name": "new:{number}", "task": "{task}", "enabled": true, "run_immediately": true, '
            f'"interval": {{"every": 300, "period": "days"}}, "args": [{number}], "kwargs": {{"region": "north"}}}}')
    began = time.monotonic_ns()
    self.line.send("SET", f"{self.prefix}new:{number}", text)
    return began

  def ended(self):
    self.line.receive(b"+OK")


class Publication:
  """Writes the frames of one message."""

  def __init__(self, scene):
    path = f"{scene.folder}/frames"
    scene.finished(
      "the frames are written", scene.start("frames", PROGRAMS / "publisher", "frames", QUEUE, 0, path), 60)
    with open(path, "rb") as file:
      self.frames = file.read()
    self.connection = scene.connect()
    self.connection.channel(1)

  def __call__(self, number, task):
    began = time.monotonic_ns()
    self.connection.transport.write(self.frames)
    return began

  def ended(self):
    pass


def measure(options):
  with RabbitScene("rabbitmq") as scene:
    scene.begin()
    other = start_other(scene)
    prefixes = {"rabbitmq": PREFIX, "redis": "same:", "another": "other:"}
    for prefix in prefixes.values():
      scene.load((key.replace(PREFIX, prefix), text) for key, text in idle_documents(options.loaded))
    own = f"redis+socket://{scene.socket}?virtual_host=0"
    brokers = {"rabbitmq": scene.url, "redis": own, "another": f"redis+socket://{other}?virtual_host=0"}
    daemons = [scene.start_beat(kind, broker=broker, prefix=prefixes[kind]) for kind, broker in brokers.items()]
    consumer = Consumer(scene)
    ways = {
      "floor": (Publication(scene), consumer),
      "rabbitmq": (Editor(scene, PREFIX), consumer),
      "another": (Editor(scene, "other:"), Popper(other, 0)),
      "redis": (Editor(scene, "same:"), Popper(scene.socket, 0)),
    }
    durations = take_turns(ways, options.edits)
    if scene.length() or scene.broker.llen(QUEUE) or redis.Redis(unix_socket_path=other).llen(QUEUE):
      raise Failed("there are more messages than edits")
    for daemon in daemons:
      scene.forget(daemon, daemon.name)
    return {**scene.circumstances(), **{kind: summary(found) for kind, found in durations.items()}}


def start_other(scene):
  """Another Redis, as a broker only. Returns its socket."""
  path = f"{scene.folder}/other.sock"
  program = scene.start(
    "other redis", SERVER, "--port", 0, "--unixsocket", path, "--dir", scene.folder, "--save", "", "--appendonly", "no")
  scene.wait("the other Redis is ready", lambda: any("ready to accept" in line.lower() for line in program.lines), 20)
  return path


def take_turns(ways, edits):
  durations = {kind: [] for kind in ways}
  # The first turn warms up.
  for first in range(-TURN, edits, TURN):
    for kind, (edit, receiver) in ways.items():
      for number in range(first, min(first + TURN, edits)):
        task = "bench.tick" if kind == "floor" else f"bench.{number}"
        receiver.expect()
        began = edit(number, task)
        found = receiver.receive(task) - began
        edit.ended()
        if number >= 0:
          durations[kind].append(found)
        # The bookkeeping behind the message is over.
        time.sleep(0.005)
    if first % 250 == 0:
      note(f"{first + TURN} of {edits} edits of each kind")
  return durations


def summary(durations):
  return {
    "count": len(durations), "p50_us": percentile(durations, 0.5) // 1000,
    "p99_us": percentile(durations, 0.99) // 1000, "max_us": max(durations) // 1000}


def show(part):
  print(sentence(part))
  own = part["redis"]
  for kind, name in KINDS.items():
    found = part[kind]
    print(f"{name:34} p50 {found['p50_us'] / 1000:.2f} ms, p99 {found['p99_us'] / 1000:.2f} ms, max "
          f"{found['max_us'] / 1000:.2f} ms ({found['count']}); {found['p50_us'] / own['p50_us']:.1f} and "
          f"{found['p99_us'] / own['p99_us']:.1f} times the store's own Redis")
