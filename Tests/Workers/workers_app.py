"""A Celery application on RabbitMQ, whose tasks write down what reaches them, as JSON in the Redis list `records`.

Its settings come from the environment: BROKER is the broker's URL, RECORDS that of a Redis, QUEUES the names of the
queues that this application declares (a JSON list), SETTINGS further settings of Celery (a JSON object), NAME the
worker's name.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

import redis
from celery import Celery
from celery.signals import task_revoked, worker_ready
from kombu import Exchange, Queue

DIRECT, TOPIC, FANOUT = (Exchange(f"x.{kind}", kind) for kind in ("direct", "topic", "fanout"))
QUORUM = {"x-queue-type": "quorum"}
QUEUES = {
  queue.name: queue for queue in [
    Queue("celery", Exchange("celery"), routing_key="celery"),
    Queue("reports", Exchange("reports"), routing_key="reports"),
    Queue("daily", DIRECT, routing_key="by.day"), Queue("nightly", DIRECT, routing_key="by.night"),
    Queue("sport", TOPIC, routing_key="sport.#"), Queue("results", TOPIC, routing_key="*.results"),
    Queue("all", TOPIC, routing_key="#"),
    Queue("one", FANOUT), Queue("other", FANOUT),
    Queue("late", Exchange("late"), routing_key="late"),
    Queue("by-priority", Exchange("by-priority"), routing_key="by-priority", max_priority=10),
    Queue("quorum", Exchange("quorum"), routing_key="quorum", queue_arguments=QUORUM),
    Queue("made-quorum", Exchange("made-quorum"), routing_key="made-quorum", queue_arguments=QUORUM),
    Queue("made-priority", Exchange("made-priority"), routing_key="made-priority", max_priority=9),
    Queue("secure", Exchange("secure"), routing_key="secure"),
  ]}

records = redis.Redis.from_url(os.environ["RECORDS"])
app = Celery("workers", broker=os.environ["BROKER"])
app.conf.update(
  broker_connection_retry_on_startup=True, worker_prefetch_multiplier=1, task_create_missing_queues=False,
  task_queues=[QUEUES[name] for name in json.loads(os.environ["QUEUES"])])
app.conf.update(json.loads(os.environ["SETTINGS"]))


def note(request: Any, args: Any, kwargs: Any) -> None:
  records.rpush("records", json.dumps({
    "id": request.id, "root_id": request.root_id, "parent_id": request.parent_id,
    "correlation_id": request.correlation_id, "args": repr(args), "kwargs": repr(kwargs),
    "argsrepr": request.argsrepr, "shadow": request.shadow, "headers": request.headers, "expires": request.expires,
    "eta": request.eta, "timelimit": request.timelimit, "retries": request.retries,
    "ignore_result": request.ignore_result, "delivery_info": request.delivery_info}))


@app.task(bind=True, name="tasks.record")
def record(self: Any, *args: Any, **kwargs: Any) -> None:
  note(self.request, args, kwargs)


@app.task(bind=True, name="tasks.occupy")
def occupy(self: Any, *args: Any, **kwargs: Any) -> None:
  """Keeps its worker busy for some seconds."""
  note(self.request, args, kwargs)
  time.sleep(args[0])


@task_revoked.connect
def revoked(request: Any = None, expired: bool = False, **_: Any) -> None:
  records.rpush("revoked", json.dumps({"id": request.id, "expired": expired}))


@worker_ready.connect
def tell(**_: Any) -> None:
  records.set(f"ready:{os.environ['NAME']}", 1)
