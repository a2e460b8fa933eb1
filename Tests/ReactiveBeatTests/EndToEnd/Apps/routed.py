"""A Celery application whose routes and task options name destinations in every way that Celery has. Run as a program
it prints what celery beat publishes for each entry."""
import re

from celery import Celery, Task, signals
from kombu import Exchange, Queue

app = Celery("routed", broker="memory://", backend="cache+memory://", set_as_current=False)
app.conf.update(
  timezone="UTC", task_default_queue="work", result_expires=None, task_always_eager=True, task_time_limit=900,
  task_queues=[
    Queue("work"), Queue("direct", Exchange("shop", type="direct"), "shop.direct"),
    Queue("news", Exchange("news", type="topic"), "news.#"), Queue("old", Exchange("old", delivery_mode=1), "old"),
  ])


def by_size(name, args, kwargs, options, task=None, **more):
  if name == "routed.function":
    return {"queue": "large" if kwargs.get("size", 0) > 9 else "small", "priority": 4}
  if name == "routed.text":
    return "words"
  if name == "routed.fails" and not kwargs:
    raise KeyError("size")


app.conf.task_routes = [
  by_size,
  {
    "routed.queue_and_key": {"queue": "direct", "routing_key": "other"},
    "routed.key_alone": {"routing_key": "a.b"},
    "routed.exchange_alone": {"exchange": "elsewhere"},
    "routed.exchange_and_key": {"exchange": "elsewhere", "routing_key": "k"},
    "routed.exchange_key_and_queue": {"queue": "direct", "exchange": "elsewhere", "routing_key": "k"},
    "routed.declared_exchange": {"queue": "direct", "exchange": "shop", "routing_key": "k"},
    "routed.topic": {"queue": "news", "routing_key": "news.de"},
    "routed.topic_without_key": {"queue": "news"},
    "routed.topic_by_type": {"exchange": "elsewhere", "exchange_type": "topic", "routing_key": "x.y"},
    "routed.old": {"queue": "old"},
    "routed.limit": {"time_limit": 5},
    "routed.named": "named",
  },
  [(re.compile(r"routed\.re.*"), {"queue": "regex", "priority": 7})],
  {"routed.glob*": {"queue": "glob"}},
]

plain = [
  "queue_and_key", "key_alone", "exchange_alone", "exchange_and_key", "exchange_key_and_queue", "declared_exchange",
  "topic", "topic_without_key", "topic_by_type", "old", "limit", "named", "regex", "globbed", "default", "function",
  "text", "fails",
]


def work(*args, **kwargs):
  pass


for name in plain:
  app.task(name="routed." + name)(work)
options = {
  "silent": {"ignore_result": True}, "loud": {"ignore_result": False}, "transient": {"delivery_mode": 1},
  "limits": {"time_limit": 60, "soft_time_limit": 50}, "urgent": {"priority": 9, "queue": "mine"},
  "mixed": {"routing_key": "mine"}, "short": {"expires": 30}, "packed": {"serializer": "pickle", "compression": "zlib"},
}
for name, given in options.items():
  app.task(name="routed." + name, **given)(work)


class Own(Task):
  """Sends in its own way."""

  def apply_async(self, *args, **options):
    raise RuntimeError("routed.own has been sent")

  def shadow_name(self, args, kwargs, options):
    return "shadowed"


@app.task(name="routed.own", base=Own)
def own():
  pass


@app.task(name="routed.takes_one")
def takes_one(x):
  pass


@signals.before_task_publish.connect(weak=False)
@signals.after_task_publish.connect(weak=False)
def heard(sender=None, **more):
  print("a signal was sent", flush=True)


app.conf.beat_schedule = {
  **{name: {"task": "routed." + name, "schedule": 60} for name in [*plain, *options, "own", "takes_one", "unknown"]},
  "function with arguments": {"task": "routed.function", "schedule": 60, "kwargs": {"size": 10}},
  "entry's queue": {"task": "routed.topic", "schedule": 60, "options": {"queue": "work"}},
  "entry's key": {"task": "routed.topic", "schedule": 60, "options": {"routing_key": "news.fr"}},
  "entry's exchange": {"task": "routed.default", "schedule": 60, "options": {"exchange": "shop", "routing_key": "k"}},
  "entry's result": {"task": "routed.silent", "schedule": 60, "options": {"ignore_result": False}},
  "entry's priority": {"task": "routed.urgent", "schedule": 60, "options": {"priority": 0}},
}


if __name__ == "__main__":
  import json

  from celery.beat import Scheduler
  from kombu.transport.virtual import Channel

  published = []
  Channel.basic_publish = lambda self, message, exchange, routing_key, **more: published.append(
    (message, exchange, routing_key))
  app.conf.task_always_eager = False
  scheduler = Scheduler(app, lazy=True)
  scheduler.setup_schedule()
  for name, entry in scheduler.schedule.items():
    published.clear()
    record = {"name": name}
    try:
      scheduler.apply_async(entry, producer=scheduler.producer)
      message, exchange, key = published[0]
      record.update(
        exchange=exchange, routing_key=key, priority=message["properties"]["priority"],
        expiration=message["properties"].get("expiration"), delivery_mode=message["properties"]["delivery_mode"],
        limits=message["headers"]["timelimit"],
        ignore_result=message["headers"]["ignore_result"], shadow=message["headers"]["shadow"])
    except Exception as error:
      record["error"] = str(error.__cause__ or error)
    print(json.dumps(record))
