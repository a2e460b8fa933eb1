"""The Celery application, with the schedules that belong to the code."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

app = Celery("shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["shop"])

app.conf.beat_schedule = {
  "heartbeat": {"task": "shop.tasks.heartbeat", "schedule": 5},
  "nightly-report": {
    "task": "shop.tasks.report", "schedule": crontab(hour=2, minute=30), "kwargs": {"title": "Sales", "rows": 1000}},
}
