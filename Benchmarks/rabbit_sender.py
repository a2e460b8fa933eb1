"""Celery's send_task, as fast as one process can: rabbit_sender.py URL QUEUE classic|quorum COUNT SIZE [confirm].

It sends one before it begins to count. Prints the nanoseconds, and those of the processor. Called by scripts/bench
rabbitmq.
"""

import sys
import time

from celery import Celery
from kombu import Exchange, Queue

url, queue, kind, count, size = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
app = Celery("bench", broker=url)
app.conf.task_queues = [Queue(queue, Exchange(queue), queue, queue_arguments={"x-queue-type": kind})]
if "confirm" in sys.argv:
  app.conf.broker_transport_options = {"confirm_publish": True}
text = "x" * size
# One connection and one producer, so that nothing is taken from a pool and given back for each.
with app.producer_or_acquire() as producer:
  app.send_task("bench.tick", [0, text], {"region": "north"}, queue=queue, producer=producer)
  began, processor = time.perf_counter_ns(), time.process_time_ns()
  for number in range(1, count + 1):
    app.send_task("bench.tick", [number, text], {"region": "north"}, queue=queue, producer=producer)
  print(time.perf_counter_ns() - began, time.process_time_ns() - processor)
