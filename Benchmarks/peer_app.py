"""The Celery application of the peers, made as their documentation shows it."""

import os

from celery import Celery

socket = os.environ["BENCH_SOCKET"]
app = Celery("bench", broker=f"redis+socket://{socket}?virtual_host=0")
app.conf.update(
  task_default_queue=os.environ["BENCH_QUEUE"], redbeat_redis_url=f"unix://{socket}?db=1",
  beat_max_loop_interval=int(os.environ["BENCH_LOOP"]),
  beat_schedule={
    f"tick:{number}": {"task": f"bench.{number}", "schedule": 1.0, "args": [number], "kwargs": {"region": "north"}}
    for number in range(int(os.environ["BENCH_ENTRIES"]))})
