"""Writes RedBeat's schedules by RedBeat's own classes.

every COUNT     COUNT schedules of one second
due COUNT AT FIRST
                COUNT schedules, numbered from FIRST, that are due at AT, in seconds since 1970, and not again within a
                day. The last run of a name cannot be written a second time, so that each burst has new names
pickup COUNT    COUNT schedules that are due when they are saved, one after the other; prints for each the nanoseconds
                from before it is saved until a client that was blocked on the queue has its message
"""

import datetime
import os
import random
import sys
import time

import redis
from celery.schedules import schedule
from redbeat import RedBeatSchedulerEntry

from peer_app import app


def save(name, every, last_run_at=None):
  entry = RedBeatSchedulerEntry(
    f"bench:{name}", f"bench.{name}", schedule(every), args=[name], kwargs={"region": "north"}, app=app,
    last_run_at=last_run_at)
  entry.save()


def utc(seconds):
  return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def pickup(count):
  worker = redis.Redis(unix_socket_path=os.environ["BENCH_SOCKET"])
  queue = os.environ["BENCH_QUEUE"]
  worker.delete(queue)
  for number in range(count):
    time.sleep(5 * random.random())  # At any point of RedBeat's loop.
    start = time.monotonic_ns()
    save(number, 86_400, utc(time.time() - 86_401))
    if worker.brpop(queue, 60) is None:
      sys.exit("no message within 60 s")
    print(time.monotonic_ns() - start, flush=True)


what, count = sys.argv[1], int(sys.argv[2])
if what == "pickup":
  pickup(count)
else:
  for number in range(count):
    if what == "every":
      save(number, 1.0)
    else:
      save(int(sys.argv[4]) + number, 86_400, utc(float(sys.argv[3]) - 86_400))
