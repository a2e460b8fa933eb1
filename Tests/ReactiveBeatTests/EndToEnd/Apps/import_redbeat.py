"""Lets a real RedBeat write schedules into a Redis. Prints when it would run them. Argument: a URL."""
import sys
from datetime import datetime, timedelta, timezone

from celery import Celery
from celery.schedules import crontab, schedule
from dateutil.rrule import MO
from import_oracle import occurrences, tell
from redbeat import RedBeatSchedulerEntry, schedulers
from redbeat.schedules import rrule

app = Celery("shop", broker=sys.argv[1])
app.conf.update(
  redbeat_redis_url=sys.argv[1], timezone="Europe/Berlin",
  beat_schedule={"from-config": {"task": "shop.tidy", "schedule": 900.0, "options": {"queue": "tidy"}}})
schedulers.RedBeatScheduler(app, lazy=True).setup_schedule()

now = datetime.now(timezone.utc).replace(microsecond=0)
start = now - timedelta(days=3, hours=1)
timings = {
  "interval": schedule(timedelta(minutes=7)),
  "fraction": schedule(0.75),
  "relative": schedule(timedelta(hours=2), relative=True),
  "crontab": crontab(minute="30", hour="2", day_of_week="mon-fri"),
  "fresh": crontab(minute="15", hour="5"),
  "lists": crontab(minute=[0, 20, 40], hour="8-18/2", month_of_year="*"),
  "rule": rrule("DAILY", dtstart=start, interval=2),
  "rule-until": rrule("HOURLY", dtstart=start, interval=5, until=now + timedelta(hours=11)),
  "rule-count": rrule("MINUTELY", dtstart=start, interval=90, count=52),
  "rule-later": rrule("WEEKLY", dtstart=now + timedelta(days=2)),
  "rule-once": rrule("YEARLY", dtstart=now + timedelta(days=2), count=1),
  "off": schedule(timedelta(minutes=7)),
}
for name, timing in timings.items():
  entry = RedBeatSchedulerEntry(
    name, "shop.work", timing, args=[1, "é"], kwargs={"name": name}, app=app, enabled=name != "off",
    options={"queue": "mails", "expires": 60})
  entry.save()
  if name not in ("rule-later", "rule-once", "fresh"):
    entry = next(entry)  # This writes the last run and the count, as a run does.
RedBeatSchedulerEntry("edited", "shop.work", schedule(3600), app=app).save().reschedule(now - timedelta(minutes=20))

# These entries cannot be imported.
RedBeatSchedulerEntry("mondays", "shop.work", rrule("WEEKLY", dtstart=start, byweekday=MO), app=app).save()
RedBeatSchedulerEntry("yearly", "shop.work", rrule("YEARLY", dtstart=start), app=app).save()
schedulers.get_redis(app).hset("redbeat:loose", "definition", '{"name": "loose", "task": "t", "schedule": 5}')
schedulers.get_redis(app).set("redbeat:lookalike", "not RedBeat's")

for name in [*timings, "edited", "from-config"]:
  entry = RedBeatSchedulerEntry.from_key("redbeat:" + name, app=app)
  meta = RedBeatSchedulerEntry.load_meta("redbeat:" + name, app=app)
  tell(name, entry.last_run_at, occurrences(entry.schedule, entry.last_run_at), count=meta.get("total_run_count", 0))
