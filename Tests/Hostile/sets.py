"""The register of hostile sets, and what an attack may use. Each set is a function of an `Attacker`. It writes once, or
goes on until the attacker is over."""

import dataclasses
import json
import random
import time

PREFIX = b"tasks:meta:"
OWN = b"reactivebeat:tasks:meta:"
ALL = {}


@dataclasses.dataclass
class HostileSet:
  name: str
  item: str  # the number of the danger that it stands for
  attack: object
  seconds: float = 0  # the shortest time, whatever the options say
  options: tuple = ()  # options of both daemons
  same_database: bool = False
  two_servers: bool = False  # whether the broker is another server, so that messages go through the outbox
  rights: tuple = ()  # the rights of the daemons' user, as ACL SETUSER takes them
  disturb: object = None  # called with the arena after some seconds of attack; measuring begins after it
  late: float = 100  # milliseconds: the bound for p99 of the victim's lateness
  is_victim_safe: bool = True  # False: the set aims at all schedules; daemons may still not spin or end
  memory: float = 256  # MiB resident at the peak, each daemon
  log: float = 64_000  # bytes a second, each daemon
  cpu: float = 0  # seconds of processor a second, each daemon; 0: as much as there is
  scripts: float = 0  # a second, of both daemons; 0: as many as there are fires and edits
  looks: int = 2  # messages of each queue that are parsed ten times a second, as a worker's Python does
  check: object = None  # called with the arena at the end; returns a list of what is wrong
  short: str = ""  # the group with which it runs in the short form; "": it is not part of that
  parts: tuple = ()  # the names of the sets that run at the same time; (): it is a single set


def hostile(name, item, **bounds):
  def register(attack):
    ALL[name] = HostileSet(name, item, attack, **bounds)
    return attack
  return register


def together(name, sets):
  """Several sets at the same time. Each bound is the largest of theirs. The machine may be slow: nothing may be
  missing, and a fire is late from one second on."""
  checks = [each.check for each in sets if each.check]
  return HostileSet(
    name, "+".join(sorted({each.item for each in sets}, key=int)), None,
    options=tuple(option for each in sets for option in each.options), late=1000,
    memory=max(each.memory for each in sets), log=4 * max(each.log for each in sets), looks=max(each.looks for each in sets),
    check=lambda arena: [text for check in checks for text in check(arena)], parts=tuple(each.name for each in sets))


def key(name):
  return PREFIX + (name if isinstance(name, bytes) else name.encode())


def own(name):
  return OWN + name.encode()


def document(name="n", every=3600, period="seconds", schedule=None, queue="hostile", task="tasks.hostile", **more):
  """A document as a user's program would write it."""
  if schedule is None:
    schedule = {"interval": {"every": every, "period": period}}
  return json.dumps(
    {"name": name, "task": task, "enabled": True, "queue": queue} | schedule | more, ensure_ascii=False).encode(
      errors="surrogatepass")


def raw(text, schedule='"interval": {"every": 1, "period": "seconds"}', task='"tasks.hostile"'):
  """A document with text that no JSON library would write."""
  return f'{{"name": "n", "task": {task}, "enabled": true, "queue": "hostile", {schedule}{text}}}'.encode(
    errors="surrogatepass")


def frame(*parts):
  """The bytes of one command."""
  parts = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
  return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


class Attacker:
  """Writes as fast as Redis accepts. The server is told not to reply, so that the attacker never waits."""

  def __init__(self, redis, database, seed, deadline):
    self.ask = redis(database, 120)  # a connection with replies
    self.line = redis(database, 120)
    self.line.socket.sendall(frame("CLIENT", "REPLY", "OFF"))
    self.rng = random.Random(seed)
    self.deadline = deadline

  @property
  def is_over(self):
    return time.monotonic() > self.deadline

  def send(self, *commands):
    """Sends commands, given as tuples."""
    self.flood(b"".join(frame(*command) for command in commands))

  def flood(self, data):
    """Sends commands that are encoded already."""
    self.line.socket.sendall(data)

  def set(self, name, text, *more):
    self.send(("SET", key(name), text, *more))

  def rounds(self, seconds):
    """Yields a number every so many seconds, until the attack is over."""
    number, begin = 0, time.monotonic()
    while not self.is_over:
      yield number
      number += 1
      time.sleep(max(0, begin + number * seconds - time.monotonic()))

  def at_full_rate(self, data):
    """Sends the same bytes again and again."""
    while not self.is_over:
      self.flood(data)

  def settle(self):
    """Waits until everything that was sent has been carried out: the server reads a connection in order."""
    self.line.socket.sendall(frame("CLIENT", "REPLY", "ON") + frame("PING"))
    text = b""
    while b"PONG" not in text:
      text += self.line.socket.recv(4096)
    self.line.socket.sendall(frame("CLIENT", "REPLY", "OFF"))
