"""A Celery application of three tasks. It knows nothing of beat-watch: plain workers run what it sends."""

import os

from celery import Celery

app = Celery("tasks", broker=os.environ.get("CELERY_BROKER_URL", "redis://localhost:6379/0"))
app.conf.task_ignore_result = True


@app.task
def heartbeat():
  return "still here"


@app.task
def greet(name):
  return f"Hello, {name}!"


@app.task(bind=True)
def report(self, title, rows):
  queue = self.request.delivery_info["routing_key"]
  return f"{title} with {rows} rows, from queue {queue}"
