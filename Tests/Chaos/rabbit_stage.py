"""The variant "rabbitmq": schedules in Redis, queues on RabbitMQ. Each daemon has a proxy before each server.

As in the variant "broker", the writer's markers are items of the outbox, here in the form of a task's message. Nothing may
be lost, and nothing may come out of order. A message may come twice, if a death explains it: RabbitMQ cannot be asked
whether it has a message.
"""

import base64
import collections
import json
import signal
import time

import broker
import faults
from broker import BrokerStage, LIMIT, OUTBOX
from rabbit import PROBLEMS, Rabbit, Reader
from rabbit_proxy import RabbitProxy
from servers import PREFIX
from stage import EDITS, Stage, Unquiet, parsed
from traffic import Scripts
from writer import EDIT, QUEUE

WINDOW = 3  # seconds from the end of a daemon, a connection or a server to a repeat that it explains

# An item of the outbox as a daemon writes it. Lua's `cjson` makes the text a string of JSON.
_ITEM = """
local function field(text) return #text .. ':' .. text .. ',' end
local function item(id, text)
  local message = '{"headers": {"id": "' .. id .. '", "task": "chaos.marker"}, "properties": {"correlation_id": "' .. id
    .. '", "reply_to": "chaos", "delivery_mode": 2, "priority": 0}, "body": [[], {"marker": ' .. cjson.encode(text)
    .. '}, {}]}'
  return field('2') .. field(id) .. field('queue') .. field('%s') .. field('0') .. field(message)
end
""" % QUEUE

_EDIT = broker.outbox_edit(_ITEM)
_CUT = broker.cut(_ITEM)


def text_of(message):
  """A message as the model reads it: a marker's text, or a task's headers and body."""
  headers = message.headers or {}
  body = message.body.encode() if isinstance(message.body, str) else bytes(message.body)
  if headers.get("task") == "chaos.marker":
    return json.loads(body)[1]["marker"].encode()
  return json.dumps({"headers": headers, "body": base64.b64encode(body).decode()}).encode()


class RabbitStage(BrokerStage):
  edits = EDITS["strict"]

  @property
  def phases(self):
    return PHASES

  @property
  def on_broker(self):
    return ON_BROKER

  def __init__(self, binaries, sources, space, folder, *rest):
    Stage.__init__(self, binaries, sources, space, folder, *rest)
    self.broker = Rabbit(folder / "rabbitmq")
    self.reader = Reader(self.broker, QUEUE)
    self.writer.script = _EDIT
    self.longest = self.cuts = 0
    self.taken = collections.Counter()  # id of a message -> how often it was taken from the queue
    self.repeats = collections.Counter()  # by what explains them
    self.deaths = []  # when daemons and servers were struck, seconds since 1970
    scripts = Scripts(sources)
    self.carriers = [RabbitProxy(daemon.number, self.broker.port, scripts, self.ledger) for daemon in self.daemons]
    for daemon, carrier in zip(self.daemons, self.carriers):
      daemon.environment |= {
        "CELERY_BROKER_URL": f"amqp://guest:guest@127.0.0.1:{carrier.port}//", "BEAT_WATCH_OUTBOX_LIMIT": str(LIMIT)}

  def start(self):
    self.broker.start()
    self.broker.wait()
    self.broker.declare(QUEUE)
    for carrier in self.carriers:
      self.wire.add(carrier)
    Stage.start(self)

  def end(self):
    self.reader.close()
    Stage.end(self)
    self.broker.end()

  def heal_servers(self):
    Stage.heal_servers(self)
    self.broker.signal(signal.SIGCONT)
    self.broker.start()
    self.broker.wait()

  def iterate(self, phase, whom, milliseconds, chosen):
    began = time.time()
    has_come, number, struck = super().iterate(phase, whom, milliseconds, chosen)
    if any(name.startswith(("daemon", "redis", "rabbitmq")) for name in struck):
      self.deaths += [began, time.time()]
    return has_come, number, struck

  def take(self):
    """Everything that was put into the outbox before this moment, the oldest first, each once; and the documents."""
    self.cuts += 1
    client = self.redis.client(1)
    marker, names, documents = client(
      "EVAL", _CUT, 1, OUTBOX, PREFIX + "*", json.dumps({"kind": "tick", "cut": self.cuts}), f"chaos-cut-{self.cuts}")
    client.close()
    items = []

    def has_come():
      try:
        while message := self.reader.take():
          if self.is_first(message.properties["correlation_id"]):
            items.append(text_of(message))
          if items and items[-1] == marker:
            return True
      except PROBLEMS:
        pass
      return False
    try:
      self.until("all that was fired is on the queue", has_come, 20)
    except Unquiet as error:
      self.model.fail(7, f"{error}; {self.command('LLEN', OUTBOX, database=1)} items wait in the outbox")
    return items, {name[len(PREFIX):].decode(): parsed(text) for name, text in zip(names, documents)}

  # --- repeats ---

  def is_first(self, task):
    """Whether a message has not been taken before. Each repeat must have an explanation of its own."""
    self.taken[task] += 1
    repeats = self.taken[task] - 1
    if repeats == 0:
      return True
    causes = self.causes(task)
    cause = causes[repeats - 1] if len(causes) >= repeats else "nothing"
    self.repeats[cause] += 1
    self.model.repeats += 1
    if cause == "nothing":
      sent = [f"{at:.3f} by daemon {link.proxy.number}, whose connection ended at {link.ended_at}"
              for at, link in self.publications(task)]
      self.model.fail(3, f"{task} is on the queue {repeats + 1} times, and what ended explains {len(causes)} repeats: "
                      f"{sent}, {self.deaths[-5:]}")
    return False

  def publications(self, task):
    """When and over which connections a message was published, the first time first."""
    copies = [copy for carrier in self.carriers for copy in list(carrier.published.get(task, ()))]
    return sorted(copies, key=lambda copy: copy[0])

  def causes(self, task):
    """What ended between two publications of a message, for each time that something did."""
    found = []
    copies = self.publications(task)
    for (first, link), (second, _) in zip(copies, copies[1:]):
      if link.ended_at and first <= link.ended_at <= second:
        found.append("its connection ended")
      elif any(first - WINDOW <= at <= second + WINDOW for at in self.deaths):
        found.append("a process was struck")
    return found


class RabbitFault(faults.Fault):
  variants = ("rabbitmq",)

  def __init__(self, stage, *arguments):
    super().__init__(stage, *arguments)
    self.broker = stage.broker


class RabbitKilled(RabbitFault):
  """It takes some seconds to start again, which is not waited for."""
  name = "rabbitmq: kill -9"
  weight = 0.5

  def strike(self):
    self.broker.kill()

  def heal(self):
    self.stage.measure_outbox()
    self.broker.start()


class RabbitStopped(RabbitFault):
  name = "rabbitmq: SIGSTOP"

  def strike(self):
    self.broker.signal(signal.SIGSTOP)

  def heal(self):
    self.stage.measure_outbox()
    self.broker.signal(signal.SIGCONT)


class RabbitAsked(RabbitFault):
  """A fault of a server that must answer the suite."""

  def strike(self):
    return self.broker.is_ready and self.act()


class RabbitDisconnects(RabbitAsked):
  name = "rabbitmq: 320 to all connections"

  def act(self):
    self.broker.disconnect()


class RabbitAlarm(RabbitAsked):
  name = "rabbitmq: memory alarm"

  def act(self):
    self.broker.raise_alarm()

  def heal(self):
    # A server that was killed meanwhile begins without an alarm.
    if self.broker.is_ready:
      self.broker.end_alarm()


class RabbitCut(broker.BrokerCut):
  name = "rabbitmq: cut"
  variants = ("rabbitmq",)


ALL = [RabbitDisconnects, RabbitAlarm, RabbitCut, RabbitStopped, RabbitKilled]
PHASES = {
  "outbox read": ({"outbox"}, "reply"),
  "publish sent": ({"publish"}, "request"),
  "published, no confirm": ({"confirm"}, "reply"),
  "taking it out": ({"lrem"}, "request"),
  "taken out, no reply": ({"lrem"}, "reply"),
  "any time, broker": None,
}
ON_BROKER = ("publish sent", "published, no confirm", "any time, broker")
