"""The application of the celerybeat-mongo that scripts/bench mongo compares with."""

import os

from celery import Celery

app = Celery("bench", broker=os.environ["BENCH_BROKER"])
app.conf.update(mongodb_scheduler_url=os.environ["BENCH_STORE"], timezone="UTC")
