"""The register of hostile sets, and what an attack may use. Each set is a function of an `Attacker`: it writes once, or goes
on until the attacker is over."""

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
  item: str  # what it stands for
  attack: object
  seconds: float = 0  # at least so long, whatever was asked for
  options: tuple = ()  # of both daemons
  same_database: bool = False
  two_servers: bool = False  # the broker is another one: messages go by the outbox
  rights: tuple = ()  # of the daemons' user, as ACL SETUSER takes them
  disturb: object = None  # of the arena, when the attack has gone on for some seconds: what is measured is what comes after
  late: float = 100  # milliseconds: the victim's p99
  is_victim_safe: bool = True  # False: what it takes from everybody is the set's aim; nothing may spin or end
  memory: float = 256  # MiB resident at the peak, each daemon
  log: float = 64_000  # bytes a second, each daemon
  cpu: float = 0  # seconds of processor a second, each daemon; 0: as much as there is
  scripts: float = 0  # a second, of both daemons; 0: as many as there are fires and edits
  looks: int = 2  # at so many messages of each queue, ten times a second, as a worker's Python reads them
  check: object = None  # of the arena, afterwards: a list of what is wrong
  short: str = ""  # in the short form it runs together with others of this word; "": it is none of it
  parts: tuple = ()  # names of the sets that run at the same time; (): itself


def hostile(name, item, **bounds):
  def register(attack):
    ALL[name] = HostileSet(name, item, attack, **bounds)
    return attack
  return register


def together(name, sets):
  """Several at the same time; each bound is that of the one that needs most. A machine that is tested on may be slow:
  nothing may be missing, and late is what takes a second."""
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
  """As a person's program would write it."""
  if schedule is None:
    schedule = {"interval": {"every": every, "period": period}}
  return json.dumps(
    {"name": name, "task": task, "enabled": True, "queue": queue} | schedule | more, ensure_ascii=False).encode(
      errors="surrogatepass")


def raw(text, schedule='"interval": {"every": 1, "period": "seconds"}', task='"tasks.hostile"'):
  """With fields that no JSON library would write."""
  return f'{{"name": "n", "task": {task}, "enabled": true, "queue": "hostile", {schedule}{text}}}'.encode(
    errors="surrogatepass")


def frame(*parts):
  """One command's bytes."""
  parts = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
  return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


class Attacker:
  """Writes as fast as Redis takes it. The server is told not to answer, so that nobody waits."""

  def __init__(self, redis, database, seed, deadline):
    self.ask = redis(database, 120)  # with answers
    self.line = redis(database, 120)
    self.line.socket.sendall(frame("CLIENT", "REPLY", "OFF"))
    self.rng = random.Random(seed)
    self.deadline = deadline

  @property
  def is_over(self):
    return time.monotonic() > self.deadline

  def send(self, *commands):
    """Commands as tuples."""
    self.flood(b"".join(frame(*command) for command in commands))

  def flood(self, data):
    """Commands as bytes, made before."""
    self.line.socket.sendall(data)

  def set(self, name, text, *more):
    self.send(("SET", key(name), text, *more))

  def rounds(self, seconds):
    """Numbers, one each so many seconds, until it is over."""
    number, begin = 0, time.monotonic()
    while not self.is_over:
      yield number
      number += 1
      time.sleep(max(0, begin + number * seconds - time.monotonic()))

  def at_full_rate(self, data):
    """The same bytes again and again."""
    while not self.is_over:
      self.flood(data)

  def settle(self):
    """What was sent has been carried out: the server reads a connection in order."""
    self.line.socket.sendall(frame("CLIENT", "REPLY", "ON") + frame("PING"))
    text = b""
    while b"PONG" not in text:
      text += self.line.socket.recv(4096)
    self.line.socket.sendall(frame("CLIENT", "REPLY", "OFF"))
