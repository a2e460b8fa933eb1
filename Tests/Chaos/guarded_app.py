"""The application of the suite's worker. The environment says:

CHAOS_BROKER  the URL of RabbitMQ
CHAOS_QUEUE   the queue's name
CHAOS_GUARD   the URL of the Redis in which the guard records runs
CHAOS_RUNS    the file that has a line for each run, with the task's id
"""

import os

from celery import Celery

from reactivebeat import worker

app = Celery("chaos", broker=os.environ["CHAOS_BROKER"])
app.conf.update(
  task_acks_late=True, task_ignore_result=True, worker_prefetch_multiplier=50, broker_connection_retry_on_startup=True,
  task_default_queue=os.environ["CHAOS_QUEUE"], broker_transport_options={"confirm_publish": True})
# A repeat comes within seconds. Records of a day would slow down the Redis that is killed and started all the time.
worker.once(app, redis=os.environ["CHAOS_GUARD"], patience=None, keep=600)
runs = os.open(os.environ["CHAOS_RUNS"], os.O_WRONLY | os.O_APPEND)


@app.task(name="chaos.task", bind=True)
def run(self, **_):
  os.write(runs, f"{self.request.id}\n".encode())
