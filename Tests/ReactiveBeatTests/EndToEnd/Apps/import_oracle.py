"""Shared by the scripts of this folder: when Celery's own schedule objects are due next."""
import json
from datetime import timezone


def occurrences(schedule, last, count=5):
  """The next runs after `last` if each is on time: the run before is last_run_at, and also the present time."""
  times = []
  for _ in range(count):
    schedule.nowfun = lambda now=last: now
    remaining = schedule.remaining_estimate(last)
    if remaining is None:
      break
    last = last + remaining
    times.append(last.astimezone(timezone.utc).isoformat())
  return times


def tell(name, last, times, **more):
  """Prints one line for the test."""
  last = last and last.astimezone(timezone.utc).isoformat()
  print(json.dumps({"name": name, "last": last, "next": times, **more}))
