"""What the guard costs: microseconds for each task, and bytes in Redis for each task id.

    python guard_figures.py
"""

import pathlib
import statistics
import tempfile
import time
import uuid
from typing import Any, List

from celery import Celery
from celery.app.trace import build_tracer

from conftest import Server
from guard_stage import NAMESPACE
from reactivebeat import worker
from reactivebeat.guard.records import Attempt, Records, Run

TASKS, ROUNDS, IDS = 2_000, 7, 100_000


def seconds(task: Any, start: int) -> float:
  """For each of the tasks, all of which are new."""
  requests = []
  for number in range(start, start + TASKS):
    task_id = str(uuid.uuid5(NAMESPACE, str(number)))
    requests.append((task_id, {"id": task_id, "task": task.name, "retries": 0, "celery_beat_task": True,
                               "delivery_info": {"exchange": "", "routing_key": "celery", "priority": 0}}))
  began = time.perf_counter()
  for task_id, request in requests:
    task.__trace__(task_id, (), {}, request)
  return (time.perf_counter() - began) / TASKS


def run(name: str) -> Run:
  return Run(str(uuid.uuid5(NAMESPACE, name)), "shop.tasks.report", "celery", Attempt(0, 0))


def nothing() -> None:
  pass


def main() -> None:
  with tempfile.TemporaryDirectory() as name:
    server = Server(pathlib.Path(name))
    try:
      client = server.client(0)
      client.ping()
      began = time.perf_counter()
      for _ in range(TASKS):
        client.ping()
      ping = (time.perf_counter() - began) / TASKS
      tasks = []
      for guarded in (False, True):
        app = Celery(f"figures{guarded}", broker=server.url(0), set_as_current=False)
        app.conf.task_ignore_result = True
        task = app.task(name="nothing", shared=False)(nothing)
        app.finalize()
        task = app.tasks["nothing"]
        task.__trace__ = build_tracer(task.name, task, app=app)
        if guarded:
          worker.once(app)
        tasks.append(task)
      rounds: List[List[float]] = [[], []]
      for number in range(ROUNDS):
        for place, task in enumerate(tasks):
          rounds[place].append(seconds(task, (number * 2 + place) * TASKS))
      plain, guarded_time = (statistics.median(values) * 1e6 for values in rounds)
      print(f"a task: {plain:.0f} us without the guard, {guarded_time:.0f} us with it: {guarded_time - plain:.0f} us "
            f"more; a PING takes {ping * 1e6:.0f} us")
      client.flushall()
      before = client.info("memory")["used_memory"]
      records = Records(client, "reactivebeat:once:", "shop", 30, 86_400)
      first = run("first")
      records.begin(first)
      running = client.memory_usage(records.key(first))
      records.finish(first)
      for number in range(IDS):
        records.finish(run(str(number)))
      used = (client.info("memory")["used_memory"] - before) / IDS
      print(f"Redis: {used:.0f} bytes for each id ({client.memory_usage(records.key(first))} by MEMORY USAGE, "
            f"{running} while it runs)")
    finally:
      server.end()


if __name__ == "__main__":
  main()
