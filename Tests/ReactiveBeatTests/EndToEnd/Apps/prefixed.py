"""A Celery app whose transport options give the workers' keys other names, for the tests of import."""

from celery import Celery

app = Celery("prefixed", broker="redis://127.0.0.1:1/0", set_as_current=False)
app.conf.broker_transport_options = {
    "global_keyprefix": "shop's-",
    "priority_steps": range(3),
    "visibility_timeout": 43200,
    "sentinel_kwargs": {"password": "hunter2"},
}
app.conf.beat_schedule = {"tick": {"task": "prefixed.tick", "schedule": 60}}
