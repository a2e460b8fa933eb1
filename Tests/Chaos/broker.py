"""The variant "broker": schedules and queues are on two servers, and messages go through the store's outbox. Each
daemon has a proxy before each server.

The writer's markers are items of the outbox like any other, pushed by the script that edits. So the broker's queue
shows the order of edits and fires, and whether the relay has kept it.
"""

import json
import signal

import faults
from proxy import Proxy
from servers import PREFIX, Redis
from stage import EDITS, Stage, Unquiet
from traffic import Scripts
from writer import EDIT, QUEUE

OUTBOX = "reactivebeat:tasks:meta:outbox"
LIMIT = 300  # the messages that may wait in the outbox: 1.6 s of them

_ITEM = """
local function field(text) return #text .. ':' .. text .. ',' end
local function item(id, message)
  return field('1') .. field(id) .. field('queue') .. field('%s') .. field('0') .. field(message)
end
""" % QUEUE

_MARKER = "head .. ARGV[3] .. '\\n' .. stands"


def outbox_edit(item):
  """The edit of the other variants, with its marker in the outbox instead of the queue. `item`: Lua that makes an item."""
  return item + EDIT.replace(
    f"redis.call('LPUSH', KEYS[1], {_MARKER})",
    f"redis.call('SELECT', 1)\n  redis.call('LPUSH', '{OUTBOX}', item('chaos-' .. ARGV[2], {_MARKER}))\n"
    "  redis.call('SELECT', 0)")


def cut(item):
  """Puts a marker into the outbox, and returns it with the documents of that moment."""
  return item + _CUT


_CUT = """
local t = redis.call('TIME')
local marker = string.format('M%.0f - ', t[1] * 1000000 + t[2]) .. ARGV[2]
redis.call('LPUSH', KEYS[1], item(ARGV[3], marker))
local names, documents = redis.call('KEYS', ARGV[1]), {}
for i, name in ipairs(names) do documents[i] = redis.call('GET', name) end
return {marker, names, documents}
"""

_TAKE_UNTIL = """
local at = redis.call('LPOS', KEYS[1], ARGV[1])
if not at then return false end
local items = redis.call('LRANGE', KEYS[1], at, -1)
if at == 0 then redis.call('DEL', KEYS[1]) else redis.call('LTRIM', KEYS[1], 0, at - 1) end
return items
"""


class BrokerStage(Stage):
  edits = EDITS["strict"]

  @property
  def phases(self):
    return PHASES

  @property
  def on_broker(self):
    """The phases that come between the daemons and the broker."""
    return ON_BROKER

  def __init__(self, binaries, sources, space, folder, *rest):
    (folder / "broker").mkdir()
    self.broker = Redis(folder / "broker", durable=True)
    super().__init__(binaries, sources, space, folder, *rest)
    self.writer.script = outbox_edit(_ITEM)
    self.longest = 0  # the most messages that were seen waiting in the outbox
    self.cuts = 0
    scripts = Scripts(sources)
    self.carriers = [Proxy(daemon.number, self.broker.path, scripts, self.ledger) for daemon in self.daemons]
    for daemon, carrier in zip(self.daemons, self.carriers):
      daemon.environment |= {
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{carrier.port}/0", "BEAT_WATCH_OUTBOX_LIMIT": str(LIMIT)}

  def start(self):
    self.broker.start()
    for carrier in self.carriers:
      self.wire.add(carrier)
    super().start()

  def end(self):
    super().end()
    if self.broker.process:
      self.broker.kill()

  def heal_servers(self):
    super().heal_servers()
    self.broker.signal(signal.SIGCONT)
    self.broker.start()

  def proxy_of(self, number):
    return (self.carriers if self.phase in self.on_broker else self.proxies)[number]

  def watched(self, phase, number):
    if phase in self.on_broker:
      return self.carriers
    return self.proxies if phase in self.phases else super().watched(phase, number)

  def release(self, number):
    super().release(number)
    self.wire.release(self.carriers[number])

  def settle(self, patience):
    # When the full outbox has refused a fire several times in a row, the daemon tries again a minute later.
    return super().settle(max(patience, 75))

  def measure_outbox(self):
    """Checks that fires stop at the outbox' limit. The writer's markers count for the limit, and do not stop."""
    items = self.command("LRANGE", OUTBOX, 0, -1, database=1) or []
    fires = sum(b":chaos-" not in item[:16] for item in items)
    self.longest = max(self.longest, fires)
    if fires > LIMIT:
      self.model.fail(7, f"{fires} messages wait in the outbox, and {LIMIT} may")

  def take(self):
    """Everything from the outbox and the queue, the oldest first, and the documents of the same moment."""
    self.cuts += 1
    client = self.redis.client(1)
    marker, names, documents = client(
      "EVAL", cut(_ITEM), 1, OUTBOX, PREFIX + "*", json.dumps({"kind": "tick", "cut": self.cuts}), f"chaos-cut-{self.cuts}")
    client.close()
    items = []

    def has_come():
      items[:] = self.broker_command("EVAL", _TAKE_UNTIL, 1, QUEUE, marker) or []
      return bool(items)
    try:
      self.until("all that was fired is on the queue", has_come, 20)
    except Unquiet as error:
      waiting = self.command("LLEN", OUTBOX, database=1)
      self.model.fail(7, f"{error}; {waiting} items wait in the outbox")
    return items[::-1], {
      name[len(PREFIX):].decode(): json.loads(text) for name, text in zip(names, documents)}

  def broker_command(self, *parts):
    client = self.broker.client()
    try:
      return client(*parts)
    finally:
      client.close()


class BrokerFault(faults.Fault):
  variants = ("broker",)

  def __init__(self, stage, *arguments):
    super().__init__(stage, *arguments)
    self.broker = stage.broker


class BrokerKilled(BrokerFault):
  name = "broker: kill -9"

  def strike(self):
    self.broker.kill()

  def heal(self):
    self.broker.start()


class BrokerDown(BrokerKilled):
  """The broker is down for so long that the outbox may become full."""
  name = "broker: down for long"
  weight = 1

  @staticmethod
  def choose(r):
    return {"act_ms": r.choice([1000, 1800, 2500])}

  def heal(self):
    self.stage.measure_outbox()
    super().heal()


class BrokerStopped(BrokerFault):
  name = "broker: SIGSTOP"

  def strike(self):
    self.broker.signal(signal.SIGSTOP)

  def heal(self):
    self.stage.measure_outbox()
    self.broker.signal(signal.SIGCONT)


class BrokerForgetsScripts(BrokerFault):
  name = "broker: SCRIPT FLUSH"
  weight = 1

  def strike(self):
    self.stage.broker_command("SCRIPT", "FLUSH")


class BrokerDisconnects(BrokerFault):
  name = "broker: CLIENT KILL"

  def strike(self):
    self.stage.broker_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


class BrokerCut(BrokerFault):
  name = "broker: cut"

  @staticmethod
  def choose(r):
    return {"reset": r.random() < 0.5}

  def strike(self):
    self.stage.wire.disconnect(self.stage.carriers[self.number], "both", self.values["reset"])


ALL = [BrokerForgetsScripts, BrokerDisconnects, BrokerCut, BrokerDown, BrokerStopped, BrokerKilled]
PHASES = {
  "outbox read": ({"outbox"}, "reply"),
  "relay sent": ({"relay"}, "request"),
  "relay done, no reply": ({"relay"}, "reply"),
  "taking it out": ({"lrem"}, "request"),
  "taken out, no reply": ({"lrem"}, "reply"),
  "any time, broker": None,
}
ON_BROKER = ("relay sent", "relay done, no reply", "any time, broker")
