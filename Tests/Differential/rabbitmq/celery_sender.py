"""Sends what celery beat sends for documents: by Celery's own `Scheduler.apply_async`, to the broker that is named.

Reads JSON objects, one on each line: the document's `task`, `args`, `kwargs` and `options`, and the `id`, `origin`,
`reply_to` and `now` of the daemon's message. Writes a line for each: the error, or nothing. Runs in the Python of a
Celery."""

from __future__ import annotations

import json
import sys
import warnings
from datetime import datetime, timezone
from typing import Any, Dict

import celery.app.amqp
from celery import Celery, beat
from kombu.utils.json import loads


def expiry(value: Any) -> Any:
  """A date as Celery's users give it: a datetime, here in UTC."""
  if isinstance(value, dict):
    value = value["$date"]
  if isinstance(value, str):
    value = datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(timezone.utc)
  return value


def send(scheduler: beat.Scheduler, order: Dict[str, Any], typed: Dict[str, Any]) -> None:
  options = dict(order["options"], task_id=order["id"], reply_to=order["reply_to"])
  if "expires" in options:
    options["expires"] = expiry(options["expires"])
  now = datetime.fromisoformat(order["now"])
  scheduler.app.now = lambda: now
  celery.app.amqp.anon_nodename = lambda: order["origin"]
  entry = beat.ScheduleEntry(
    name="an entry", task=order["task"], schedule=60, app=scheduler.app, args=typed["args"], kwargs=typed["kwargs"],
    options=options)
  scheduler.apply_async(entry, producer=scheduler.producer, advance=False)


def main(broker: str) -> None:
  warnings.simplefilter("ignore")
  scheduler = beat.Scheduler(Celery("differential", broker=broker, set_as_current=False), lazy=True)
  for line in sys.stdin:
    try:
      # kombu's reader makes Python's values of typed ones.
      send(scheduler, json.loads(line), loads(line))
      print(flush=True)
    except Exception as error:
      print(json.dumps(f"{type(error).__name__}: {error}"), flush=True)
  scheduler.producer.connection.close()


if __name__ == "__main__":
  main(sys.argv[1])
