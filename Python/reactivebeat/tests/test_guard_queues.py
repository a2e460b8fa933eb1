"""From which queue a message came (reactivebeat.guard.queues)."""

import json
from types import SimpleNamespace
from typing import Any, Dict, List, Optional

import amqp
import pytest
from kombu import Connection, Consumer, Exchange, Queue
from kombu.transport import pyamqp

from reactivebeat.guard import queues


@pytest.mark.parametrize("info,noted,queue", [
  ({"exchange": "", "routing_key": "celery"}, None, "celery"),
  # What another has put there counts for nothing where the message itself says it.
  ({"exchange": "", "routing_key": "celery"}, "other", "celery"),
  ({"exchange": "topics", "routing_key": "key"}, "other", "other"),
  ({"exchange": "topics", "routing_key": "key"}, "", queues.EVERYONE),
  ({"exchange": "topics", "routing_key": "key"}, None, None),
  ({"exchange": "topics", "routing_key": "key"}, 7, None),
  ({"exchange": None, "routing_key": None}, "other", "other"),
  ({"exchange": "", "routing_key": ""}, "other", "other"),
  ({}, None, None), (None, None, None)])
def test_a_message_says_its_queue(info: Any, noted: Any, queue: Optional[str]) -> None:
  request = {"id": "1", "delivery_info": info, **({} if noted is None else {queues.HEADER: noted})}
  assert queues.take(request) == queue
  assert request == {"id": "1", "delivery_info": info}


def test_kombus_messages_say_it() -> None:
  """Of a transport of kombu's own, such as that of Redis, with a queue that is added later."""
  seen: List[Any] = []
  exchange, everyone = Exchange("topics", "topic"), Exchange("all", "fanout")
  with Connection("memory://") as connection:
    consumer = Consumer(connection.default_channel, [Queue("one", exchange, "key"), Queue("all.1", everyone)],
                        on_message=lambda message: seen.append((message.payload, message.headers)))
    queues.Notes(None).start(SimpleNamespace(task_consumer=consumer))
    consumer.consume()
    consumer.add_queue(Queue("two", exchange, "key"))
    consumer.consume()
    producer = connection.Producer()
    producer.publish("by an exchange", exchange="topics", routing_key="key")
    producer.publish("to the queue", exchange="", routing_key="one")
    producer.publish("to all", exchange="all")
    while len(seen) < 4:
      connection.drain_events(timeout=10)
  noted: Dict[Any, List[Any]] = {}
  for text, headers in seen:
    noted.setdefault(text, []).append(headers.get(queues.HEADER))
  assert {text: sorted(names, key=str) for text, names in noted.items()} == {
    "by an exchange": ["one", "two"], "to the queue": [None], "to all": [queues.EVERYONE]}


def test_amqps_messages_say_it() -> None:
  """As py-amqp gives them to kombu: without a server."""
  message = amqp.basic_message.Message(json.dumps([]), application_headers={"task": "work"})
  message.delivery_info = {"exchange": "topics", "routing_key": "key", "delivery_tag": 1, "consumer_tag": "None1"}
  seen: List[Any] = []
  queues.noted(lambda raw: seen.append(pyamqp.Message(raw).headers), "one")(message)
  assert seen == [{"task": "work", queues.HEADER: "one"}]
