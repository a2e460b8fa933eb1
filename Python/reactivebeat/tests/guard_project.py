"""The application of the guard's tests. Its tasks tell in a list in Redis what they do. The environment says:

GUARD_BROKER    the broker's URL
GUARD_SOCKET    the socket of the Redis with the list `events` in database 2
GUARD_ONCE      the options of `once` as JSON; empty: no guard
GUARD_CONF      settings of the application as JSON
GUARD_QUEUES    the names of queues that all have the messages of the exchange `topics` with the key `key`, as JSON
"""

import json
import os
import threading
import time
from typing import Any

import redis
from celery import Celery
from kombu import Exchange, Queue

from reactivebeat import worker

events = redis.Redis(unix_socket_path=os.environ["GUARD_SOCKET"], db=2, socket_timeout=None)
app = Celery("guard_project", broker=os.environ["GUARD_BROKER"])
app.conf.update(
  task_acks_late=True, task_ignore_result=True, worker_prefetch_multiplier=1, broker_connection_retry_on_startup=True,
  broker_transport_options={
    "visibility_timeout": 2, "unacked_restore_interval": 0.5, "unacked_restore_throttle": 1, "unacked_mutex_expire": 2})
app.conf.update(json.loads(os.environ.get("GUARD_CONF") or "{}"))
names = json.loads(os.environ.get("GUARD_QUEUES") or "[]")
if names:
  app.conf.task_queues = [Queue(name, Exchange("topics", "topic"), "key") for name in names]
if os.environ["GUARD_ONCE"]:
  worker.once(app, **json.loads(os.environ["GUARD_ONCE"]))


def note(kind: str, task: Any) -> None:
  place = [os.getpid(), task.request.retries, threading.get_ident(), task.request.hostname]
  events.rpush("events", json.dumps([kind, task.request.id, *place]))


def mine() -> bool:
  try:
    return worker.still_mine()
  except redis.RedisError:
    return True


@app.task(name="hold", bind=True)
def hold(self: Any) -> None:
  """Runs until the test lets it end."""
  note("start", self)
  events.blpop("gate:" + self.request.id, 60)
  note("end" if mine() else "lost", self)


@app.task(name="work", bind=True, max_retries=9)
def work(self: Any, seconds: float, failures: int = 0) -> None:
  """Takes so long, after as many attempts that fail."""
  note("start", self)
  time.sleep(seconds)
  if self.request.retries < failures:
    note("retry", self)
    raise self.retry(countdown=0.2)
  note("end", self)
