"""Lets a real django-celery-beat write schedules and dump them. Prints when it would run them. Argument: a folder."""
import sys
from datetime import datetime, timedelta, timezone

import django
from django.conf import settings

settings.configure(
  DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{sys.argv[1]}/db.sqlite3"}},
  INSTALLED_APPS=["django_celery_beat"], USE_TZ=True, TIME_ZONE="UTC", DEFAULT_AUTO_FIELD="django.db.models.AutoField")
django.setup()

from celery import Celery  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django_celery_beat.models import (  # noqa: E402
  ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule)
from django_celery_beat.schedulers import ModelEntry  # noqa: E402
from import_oracle import occurrences, tell  # noqa: E402

app = Celery("shop", broker="memory://")
call_command("migrate", verbosity=0)

now = datetime.now(timezone.utc).replace(microsecond=0)
last = now - timedelta(minutes=2, milliseconds=877)  # A dump has milliseconds.
minutes = IntervalSchedule.objects.create(every=7, period="minutes")
days = IntervalSchedule.objects.create(every=3, period="days")
berlin = CrontabSchedule.objects.create(minute="30", hour="2", day_of_week="1-5", timezone="Europe/Berlin")
kolkata = CrontabSchedule.objects.create(minute="*/20", hour="8-18", timezone="Asia/Kolkata")
tomorrow = ClockedSchedule.objects.create(clocked_time=now + timedelta(days=1))


def create(name, run=last, **fields):
  fields.setdefault("task", "shop.work")
  task = PeriodicTask.objects.create(name=name, **fields)
  if fields.get("enabled", True):
    PeriodicTask.objects.filter(pk=task.pk).update(last_run_at=run, total_run_count=5 if run else 0)
  PeriodicTask.objects.filter(pk=task.pk).update(date_changed=last)


create("interval", interval=minutes, args='[1, "é"]', kwargs='{"deep": {"x": 1.50}}', queue="mails", priority=9)
create("days", interval=days, headers='{"tenant": "acme"}', expire_seconds=90, description="each third day")
create("berlin", crontab=berlin, expires=now + timedelta(days=3650))
create("kolkata", crontab=kolkata, exchange="shop", routing_key="work.now")
create("clocked", run=None, clocked=tomorrow, one_off=True)
create("never", run=None, interval=minutes)
create("off", interval=minutes, enabled=False)
create("starts", run=None, interval=minutes, start_time=now + timedelta(days=2))
create("starts-berlin", run=None, crontab=berlin, start_time=now + timedelta(days=2))
create("sun", solar=SolarSchedule.objects.create(event="sunrise", latitude=52, longitude=13))

call_command("dumpdata", "django_celery_beat", output=f"{sys.argv[1]}/dump.json", verbosity=0)
call_command("dumpdata", "django_celery_beat", format="jsonl", output=f"{sys.argv[1]}/dump.jsonl", verbosity=0)

for model in PeriodicTask.objects.exclude(solar__isnull=False):
  entry = ModelEntry(model, app=app)
  stored = PeriodicTask.objects.get(pk=model.pk).last_run_at
  if model.start_time:  # The first run is due when the start has come.
    first = model.due_start_time(timezone.utc)
    times = [first.astimezone(timezone.utc).isoformat(), *occurrences(entry.schedule, first, 4)]
  elif model.clocked:
    times = [model.clocked.clocked_time.isoformat()]
  else:
    times = occurrences(entry.schedule, entry.last_run_at)
  counted = stored or (last if not model.start_time and not model.clocked else None)
  tell(model.name, counted, times, count=model.total_run_count, options={
    key: value for key, value in entry.options.items() if key in ("queue", "priority", "headers")})
