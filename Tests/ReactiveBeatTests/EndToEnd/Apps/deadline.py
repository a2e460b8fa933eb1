"""A Celery application whose deadline for missed crontabs comes from the environment: seconds as JSON, or nothing. Run as
a program it prints when Celery's own crontab is due, for each of many gaps since its last run."""
import json
import os
from datetime import datetime, timedelta, timezone

from celery import Celery
from celery.schedules import crontab

app = Celery("deadline", broker="memory://", set_as_current=False)
app.conf.update(timezone="UTC", result_expires=None)
given = os.environ.get("DEADLINE")
if given == "timedelta":
  app.conf.beat_cron_starting_deadline = timedelta(seconds=90)
elif given:
  app.conf.beat_cron_starting_deadline = json.loads(given)
app.conf.beat_schedule = {
  "cron": {"task": "deadline.run", "schedule": crontab(minute="*/10")},
  "interval": {"task": "deadline.run", "schedule": 600},
}

if __name__ == "__main__":
  last = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
  for gap in (0, 1, 599, 600, 630, 685, 695, 899, 1199, 1230, 1295, 3600 + 700, 86400 + 601, 86400 + 1150):
    now = last + timedelta(seconds=gap)
    schedule = crontab(minute="*/10", app=app, nowfun=lambda now=now: now)
    print(json.dumps({"last": last.isoformat(), "now": now.isoformat(), "due": schedule.is_due(last)[0]}))
