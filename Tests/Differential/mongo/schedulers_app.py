"""The Celery application of the old scheduler and of the workers. Its tasks write down what reaches them, as JSON in the
Redis list `records`. Settings come from the environment: BROKER and RECORDS are Redis URLs, STORE is a MongoDB URL, TASKS
a JSON list of names."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import redis
from celery import Celery
from celery.signals import worker_ready
from kombu import Exchange, Queue

records = redis.Redis.from_url(os.environ["RECORDS"])
app = Celery("schedulers", broker=os.environ["BROKER"])
app.conf.update(
  timezone="UTC", mongodb_scheduler_url=os.environ["STORE"], broker_connection_retry_on_startup=True,
  beat_max_loop_interval=int(os.environ.get("LOOP", "5")),
  task_queues=[Queue(name, Exchange(name), routing_key=name) for name in ("celery", "reports")])


def record(self: Any, *args: Any, **kwargs: Any) -> None:
  request = self.request
  arrived = time.time()
  records.rpush("records", json.dumps({
    "id": request.id, "task": self.name, "at": arrived, "args": repr(args), "kwargs": repr(kwargs), "argsrepr": request.argsrepr,
    "kwargsrepr": request.kwargsrepr, "headers": request.headers, "expires": request.expires, "eta": request.eta,
    "timelimit": repr(request.timelimit), "queue": request.delivery_info["routing_key"],
    "exchange": request.delivery_info["exchange"], "priority": request.delivery_info["priority"],
    "retries": request.retries, "ignore_result": request.ignore_result}))


for name in json.loads(os.environ["TASKS"]):
  app.task(record, bind=True, name=name, shared=False)


@worker_ready.connect
def tell(**_: Any) -> None:
  records.set("ready", 1)
