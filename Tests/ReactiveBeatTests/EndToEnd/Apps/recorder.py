"""A Celery app whose tasks write down what reaches them, for the tests of what beat-watch sends.

Each run of `recorder.record` or `recorder.silent` becomes a JSON object in the Redis list `record:<task id>`.
Settings come from the environment: BROKER, RESULTS and RECORDS are Redis URLs, TRANSPORT the broker_transport_options as
JSON.
"""

import json
import os
import sys
import threading

import redis
from celery import Celery
from celery.signals import worker_ready
from kombu import Exchange, Queue

records = redis.Redis.from_url(os.environ["RECORDS"])
app = Celery("recorder", broker=os.environ["BROKER"], backend=os.environ["RESULTS"])
app.conf.broker_transport_options = json.loads(os.environ.get("TRANSPORT", "{}"))

news = Exchange("news", type="topic")
direct = Exchange("reports", type="direct")
app.conf.task_queues = [
    Queue("celery", Exchange("celery"), routing_key="celery"),
    Queue("slow", Exchange("slow"), routing_key="slow"),
    Queue("news.sport", news, routing_key="sport.#"),
    Queue("news.all", news, routing_key="#"),
    Queue("news.results", news, routing_key="*.results"),
    Queue("reports.daily", direct, routing_key="daily"),
]


def note(task, args, kwargs):
    """Values whose spelling matters are kept as Python's repr: JSON would change them once more."""
    request = task.request
    records.rpush(
        f"record:{request.id}",
        json.dumps(
            {
                "task": task.name,
                "args": repr(args),
                "kwargs": repr(kwargs),
                "id": request.id,
                "root_id": request.root_id,
                "parent_id": request.parent_id,
                "correlation_id": request.correlation_id,
                "headers": request.headers,
                "expires": request.expires,
                "eta": request.eta,
                "retries": request.retries,
                "timelimit": repr(request.timelimit),
                "argsrepr": request.argsrepr,
                "kwargsrepr": request.kwargsrepr,
                "origin": request.origin,
                "ignore_result": request.ignore_result,
                "exchange": request.delivery_info["exchange"],
                "routing_key": request.delivery_info["routing_key"],
                "priority": request.delivery_info["priority"],
            }
        ),
    )


@app.task(bind=True, name="recorder.record")
def record(self, *args, **kwargs):
    note(self, args, kwargs)
    return len(args)


@app.task(bind=True, name="recorder.silent", ignore_result=True)
def silent(self, *args, **kwargs):
    note(self, args, kwargs)
    return len(args)


@app.task(bind=True, name="recorder.consume")
def consume(self, queue, exchange, exchange_type, routing_key):
    """Makes this worker consume from one more queue, which binds it to its exchange."""
    self.app.control.add_consumer(queue, exchange=exchange, exchange_type=exchange_type, routing_key=routing_key)
    note(self, (queue,), {})


@worker_ready.connect
def tell(**_):
    records.rpush("ready", "1")


def end_with_the_tests():
    """Ends this process with the tests: standard input ends when their process is gone, even if it was killed."""
    sys.stdin.read()
    os._exit(1)


threading.Thread(target=end_with_the_tests, daemon=True).start()
