"""The variant "managed": each daemon reaches Redis through a proxy that imitates a provider, by
Tests/Servers/providers.tsv, and the provider has its moments: maintenance, a failover, idle connections, no room for
connections.

Only providers with several databases take part, since the suite has the schedules in another one than the queues. The
operator has switched notifications on.
"""

import pathlib
import random
import time

import faults
from proxy import Link, Proxy
from servers import Redis
from stage import EDITS, Stage

TABLE = pathlib.Path(__file__).resolve().parents[1] / "Servers" / "providers.tsv"
MOMENTS = [
  "READONLY You can't write against a read only replica.", "LOADING Redis is loading the dataset in memory",
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."]


class Provider:
  """What a provider refuses at all times."""

  def __init__(self, name, rules):
    self.name = name
    self.rules = rules  # (rule, value)

  def values(self, rule):
    return [value for name, value in self.rules if name == rule]

  def answer(self, words):
    """The proxy's answer to a request that begins with these words; None: the request goes on."""
    command, both = words[0], " ".join(words[:2])
    if {command, both} & set(self.values("unknown")):
      return f"-ERR unknown command '{command}', with args beginning with: \r\n".encode()
    if {command, both} & set(self.values("noperm")):
      return f"-NOPERM this user has no permissions to run the '{command.lower()}' command\r\n".encode()
    return None


def providers():
  """Those of the file that have several databases."""
  rules = {}
  for line in TABLE.read_text().splitlines():
    if not line.startswith("#"):
      name, rule, value, _ = line.split("\t")
      rules.setdefault(name, []).append((rule, value))
  return [Provider(name, each) for name, each in rules.items() if "databases" not in dict(each)]


def first_words(frame):
  """The first two words of a request, in capitals. Scripts are not read to their end."""
  parts = bytes(frame[:96]).split(b"\r\n")
  return [word.decode(errors="replace").upper() for word in parts[2:5:2]] or [""]


class ManagedLink(Link):
  def __init__(self, *arguments):
    super().__init__(*arguments)
    self.used = time.monotonic()

  def send(self, direction, data):
    self.used = time.monotonic()
    super().send(direction, data)

  def _request(self, frame):
    answer = self.proxy.provider.answer(first_words(frame)) or self.proxy.moment
    if answer is None:
      return super()._request(frame)
    self.owed.append(["refused", [], answer, False, None])
    self._answer_refused()
    return True


class ManagedProxy(Proxy):
  link = ManagedLink
  provider = Provider("", [])

  def clear(self):
    super().clear()
    self.moment = None  # the error that answers every request
    self.is_full = False  # there is no room for another connection
    self.is_away = False  # nobody accepts connections

  def dial(self):
    if self.is_full or self.is_away:
      raise OSError("turned away")
    return super().dial()

  def turn_away(self, client):
    if self.is_full:
      client.send(b"-ERR max number of clients reached\r\n")
    client.close()


class ManagedStage(Stage):
  proxy_type = ManagedProxy

  def __init__(self, binaries, sources, space, folder, seed, *rest):
    super().__init__(binaries, sources, space, folder, seed, *rest)
    there = providers()
    random.Random(f"{seed}/providers").shuffle(there)
    for proxy, provider in zip(self.proxies, there):
      proxy.provider = provider
    for daemon in self.daemons:
      daemon.environment["BEAT_WATCH_POLL_INTERVAL"] = "1"

  def make_redis(self):
    return Redis(self.folder, durable=True, options=["--notify-keyspace-events", "KA"])

  def hears(self):
    return True

  @property
  def figures(self):
    return {f"provider {proxy.provider.name}": 1 for proxy in self.proxies}


class Managed(faults.Fault):
  variants = ("managed",)

  def at_all(self, change):
    """Changes all proxies at once: it is one provider's moment."""
    def run():
      for proxy in self.stage.proxies:
        change(proxy)
    self.stage.wire.do(run)

  def cut_all(self):
    for proxy in self.stage.proxies:
      self.stage.wire.disconnect(proxy)

  def heal(self):
    for proxy in self.stage.proxies:
      self.stage.wire.release(proxy)


class Maintenance(Managed):
  """All connections end, and for a while there are no new ones."""
  name = "maintenance"
  weight = 3

  @staticmethod
  def choose(r):
    return {"away": r.random() < 0.6, "act_ms": r.choice([0, 50, 300, 1300])}

  def strike(self):
    if self.values["away"]:
      self.at_all(lambda proxy: setattr(proxy, "is_away", True))
    self.cut_all()


class ProviderFailover(Managed):
  """Every request is answered with an error for a while, and the scripts are lost. Connections end before it, after it,
  or not at all."""
  name = "provider: failover"
  weight = 3

  @staticmethod
  def choose(r):
    return {"moment": r.choice(MOMENTS), "cut": r.choice(["before", "after", "never"]),
            "act_ms": r.choice([50, 400, 1500])}

  def strike(self):
    if self.values["cut"] == "before":
      self.cut_all()
    line = b"-" + self.values["moment"].encode() + b"\r\n"
    self.at_all(lambda proxy: setattr(proxy, "moment", line))
    return self.stage.command("SCRIPT", "FLUSH") is not None

  def heal(self):
    if self.values["cut"] == "after":
      self.cut_all()
    super().heal()


class IdleCut(Managed):
  """Connections end that have carried nothing for a while."""
  name = "idle connections cut"
  weight = 2

  @staticmethod
  def choose(r):
    return {"idle_ms": r.choice([20, 100, 200])}

  def strike(self):
    limit = self.values["idle_ms"] / 1000
    wire = self.stage.wire

    def run():
      now, ended = time.monotonic(), 0
      for proxy in self.stage.proxies:
        for link in [link for link in proxy.links if now - link.used > limit]:
          wire.close(link)
          ended += 1
      return ended
    return bool(wire.do(run))

  def heal(self):
    pass


class NoRoom(Managed):
  """A connection ends, and there is no room for another one."""
  name = "no room for connections"
  weight = 2

  @staticmethod
  def choose(r):
    return {"which": r.choice(["both", "commands", "stream"]), "act_ms": r.choice([100, 600, 1500])}

  def strike(self):
    self.at_all(lambda proxy: setattr(proxy, "is_full", True))
    self.stage.wire.disconnect(self.proxy, self.values["which"])


ALL = [ProviderFailover, NoRoom, IdleCut, Maintenance]
EDITS["managed"] = EDITS["strict"]
