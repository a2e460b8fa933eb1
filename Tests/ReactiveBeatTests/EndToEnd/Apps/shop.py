"""A Celery application whose tasks, routes and beat_schedule are of many kinds."""
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from celery import Celery
from celery.beat import BeatLazyFunc
from celery.schedules import crontab, schedule
from kombu import Exchange, Queue

print("a line that the application prints")
app = Celery("shop", broker="memory://", backend="cache+memory://")
app.conf.update(
  timezone="Europe/Berlin", task_default_queue="work",
  task_queues=[
    Queue("work"), Queue("mails"), Queue("reports"), Queue("news", Exchange("news", type="topic"), "news.#"),
    Queue("all", Exchange("all", type="fanout")),
  ],
  task_routes=[{"shop.mail*": {"queue": "mails", "priority": 3}}, {"shop.news": {"queue": "news", "routing_key": "news.de"}},
               {"shop.all": {"queue": "all"}}])


@app.task(queue="reports", priority=6, expires=300, soft_time_limit=20, time_limit=30)
def report(x, y=1):
  pass


@app.task
def mail(to=None):
  pass


@app.task
def plain():
  pass


@app.task
def news():
  pass


@app.task(name="shop.all")
def everybody():
  pass


def tokyo():
  return datetime.now(ZoneInfo("Asia/Tokyo"))


class Moon(schedule):
  """A schedule of the user's own."""


app.conf.beat_schedule = {
  "report": {"task": "shop.report", "schedule": crontab(minute=30, hour="2", day_of_week="mon-fri"), "args": ("é",),
             "kwargs": {"y": 2.50}},
  "mail": {"task": "shop.mail", "schedule": timedelta(minutes=5), "options": {"priority": 9, "headers": {"a": 1}}},
  "seconds": {"task": "shop.plain", "schedule": 30.5, "options": {"queue": "mails"}},
  "relative": {"task": "shop.plain", "schedule": timedelta(hours=1), "relative": True},
  "lists": {"task": "shop.plain", "schedule": crontab(minute=[0, 30], hour={6, 18})},
  "news": {"task": "shop.news", "schedule": crontab(minute=0)},
  "tokyo": {"task": "shop.plain", "schedule": crontab(hour=9, minute=0, nowfun=tokyo)},
  "moon": {"task": "shop.plain", "schedule": Moon(60)},
  "lazy": {"task": "shop.mail", "schedule": 60, "args": (BeatLazyFunc(datetime.now),)},
  "object": {"task": "shop.mail", "schedule": 60, "args": (object(),)},
  "later": {"task": "shop.plain", "schedule": 60, "options": {"countdown": 5}},
  "everybody": {"task": "shop.all", "schedule": 60},
  "typo": {"task": "shop.plain", "schedul": 60},
}
