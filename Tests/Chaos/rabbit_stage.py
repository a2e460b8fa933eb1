"""The variant "rabbitmq": schedules in Redis, queues on RabbitMQ. Each daemon has a proxy before each server.

As in the variant "broker", the writer's markers are items of the outbox, here in the form of a task's message. Nothing
may be lost, and nothing may come out of order. A message may come twice, if a death explains it (`rabbit_repeats`).
What comes goes on to a worker with the package's guard, which must run each occurrence once (`rabbit_worker`).
"""

import base64
import collections
import json
import signal
import time

import broker
from broker import BrokerStage, LIMIT, OUTBOX
from rabbit import PROBLEMS, Rabbit, Reader
from rabbit_proxy import RabbitProxy
from rabbit_repeats import Repeats
from rabbit_worker import GuardedWorker
from servers import PREFIX
from stage import EDITS, Stage, Unquiet, parsed
from traffic import Scripts
from writer import EDIT, INTERVALS, QUEUE

# Milliseconds. With these some 200 messages are sent each second, where the daemons and RabbitMQ are often away.
_INTERVALS = [each * 2 // 3 for each in INTERVALS]

_PATIENCE = 60  # seconds until all that was fired is on the queue: the daemons may look for a killed RabbitMQ late

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

  def __init__(self, binaries, sources, space, folder, seed, variant, options, forgive=()):
    Stage.__init__(self, binaries, sources, space, folder, seed, variant, options, forgive)
    self.broker = Rabbit(folder / "rabbitmq")
    self.reader = Reader(self.broker, QUEUE)
    self.writer.script = _EDIT
    self.writer.intervals = _INTERVALS
    self.longest = self.cuts = 0
    self.items = []  # taken from the queue and not replayed yet, the oldest first
    self.lacks_queue = False
    self.kills = collections.Counter()
    scripts = Scripts(sources)
    self.carriers = [RabbitProxy(daemon, self.broker.port, scripts, self.ledger) for daemon in self.daemons]
    self.repeats = Repeats(self.carriers, self.ledger)
    self.worker = GuardedWorker(self.broker, self.redis, folder, sources[0])
    for daemon, carrier in zip(self.daemons, self.carriers):
      daemon.environment |= {
        "CELERY_BROKER_URL": f"amqp://guest:guest@127.0.0.1:{carrier.port}//", "BEAT_WATCH_OUTBOX_LIMIT": str(LIMIT)}

  def start(self):
    self.broker.start()
    self.broker.wait()
    self.broker.declare(QUEUE)
    self.worker.start()
    for carrier in self.carriers:
      self.wire.add(carrier)
    Stage.start(self)

  def finish(self):
    self.stopwatch.begin("executing")
    for problem in self.worker.finish():
      self.model.fail(8, problem)

  def end(self):
    self.reader.close()
    self.worker.end()
    Stage.end(self)
    self.broker.end()

  @property
  def figures(self):
    return {"rabbitmq_starts": self.broker.starts, "executed": self.worker.count, **self.kills,
            **{f"repeats: {cause}": count for cause, count in self.repeats.by_cause.items()},
            "possible_repeats_logged": sum(daemon.possible_repeats for daemon in self.daemons)}

  def heal_servers(self):
    Stage.heal_servers(self)
    self.broker.signal(signal.SIGCONT)
    self.broker.start()
    self.broker.wait()
    self.declare_queue()

  def iterate(self, phase, whom, milliseconds, chosen):
    self.declare_queue()
    began = time.time()
    has_come, number, struck = super().iterate(phase, whom, milliseconds, chosen)
    if any(name.startswith(("daemon", "redis", "rabbitmq", "lease")) for name in struck):
      self.repeats.deaths += [began, time.time()]
    self.kills.update(name for name in struck if name.endswith("kill -9"))
    return has_come, number, struck

  def check(self, since):
    super().check(since)
    for problem in self.worker.problems():
      self.model.fail(8, problem)
    self.repeats.forget(since / 1e6 - 300)

  # --- the queue ---

  def take(self):
    """Everything that was put into the outbox before this moment, the oldest first, each once; and the documents."""
    self.cuts += 1
    client = self.redis.client(1)
    marker, names, documents = client(
      "EVAL", _CUT, 1, OUTBOX, PREFIX + "*", json.dumps({"kind": "tick", "cut": self.cuts}), f"chaos-cut-{self.cuts}")
    client.close()

    def has_come():
      try:
        return self.read(until=marker)
      except PROBLEMS:
        return False
    try:
      self.until("all that was fired is on the queue", has_come, _PATIENCE)
    except Unquiet as error:
      self.model.fail(7, f"{error}; {self.command('LLEN', OUTBOX, database=1)} items wait in the outbox")
    items, self.items = self.items, []
    return items, {name[len(PREFIX):].decode(): parsed(text) for name, text in zip(names, documents)}

  def read(self, until=None):
    """Takes messages from the queue until a marker has come, or until the queue is empty. Returns whether the marker
    has come. Raises PROBLEMS."""
    while message := self.reader.take():
      text = text_of(message)
      if not text.startswith(b"M"):
        self.worker.send(message)
      is_first, problem = self.repeats.take(message.properties["correlation_id"])
      self.model.repeats += not is_first
      if problem:
        self.model.fail(3, problem)
      if is_first:
        self.items.append(text)
        if text == until:
          return True
    return False

  def delete_queue(self):
    """Takes what is on the queue, and deletes the queue. Returns whether it did."""
    try:
      self.read()
      # RabbitMQ deletes what it was about to put on the queue. So nothing is on its way to it then.
      self.wire.shut(self.carriers, True)
      time.sleep(0.05)
      self.read()
      self.lacks_queue = self.broker.delete_empty(QUEUE)
      return self.lacks_queue
    except PROBLEMS:
      return False
    finally:
      self.wire.shut(self.carriers, False)

  def declare_queue(self):
    """Makes the queue again if it was deleted, once RabbitMQ is there."""
    if self.lacks_queue and self.broker.is_ready:
      try:
        self.broker.declare(QUEUE)
        self.lacks_queue = False
      except (RuntimeError, *PROBLEMS):
        pass


PHASES = {
  "outbox read": ({"outbox"}, "reply"),
  "publish sent": ({"publish"}, "request"),
  "published, no confirm": ({"confirm"}, "reply"),
  "taking it out": ({"lrem"}, "request"),
  "taken out, no reply": ({"lrem"}, "reply"),
  "any time, broker": None,
}
ON_BROKER = ("publish sent", "published, no confirm", "any time, broker")
