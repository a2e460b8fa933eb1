"""From which queue a message came.

An exchange may give its message to several queues, and each of them has it run. So a run is that of a queue. What was
sent to a queue directly says so. Of an exchange, a message has the routing key alone, and only the worker's consumer
knows the queue: it notes that in the message's headers, which are what comes to the processes of the pool.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Final, Mapping, Optional

from celery import bootsteps

#: The header that a worker's consumer adds. It is never sent.
HEADER: Final = "reactivebeat_queue"
#: Stands for the queue of a message that is for every worker, as those of a fanout exchange are.
EVERYONE: Final = ""


def take(request: Dict[str, Any]) -> Optional[str]:
  """The queue's name, or EVERYONE. None: it is not known. The header is taken out, lest a retry should have it."""
  noted = request.pop(HEADER, None)
  info = request.get("delivery_info")
  if isinstance(info, Mapping) and _is_direct(info):
    return str(info["routing_key"])
  return noted if isinstance(noted, str) else None


def _is_direct(info: Mapping[str, Any]) -> bool:
  """Whether the message was sent to its queue, and not to an exchange."""
  return info.get("exchange") == "" and bool(info.get("routing_key"))


class Notes(bootsteps.StartStopStep):  # type: ignore[misc]
  """A step of the worker's consumer: it has each message say its queue. It comes each time that the worker connects,
  after the consumer of tasks was made, and before its first message."""

  requires = ("celery.worker.consumer.tasks:Tasks",)

  def start(self, parent: Any) -> None:
    tasks = parent.task_consumer
    consume = tasks.channel.basic_consume

    def basic_consume(*arguments: Any, **options: Any) -> Any:
      # kombu's queues call it with names. Queues that are added later come here too.
      queue, callback = options.get("queue"), options.get("callback")
      if isinstance(queue, str) and callback is not None:
        kinds = [each.exchange.type for each in tasks.queues if each.name == queue and each.exchange is not None]
        options["callback"] = noted(callback, EVERYONE if "fanout" in kinds else queue)
      return consume(*arguments, **options)

    tasks.channel.basic_consume = basic_consume


def noted(callback: Callable[[Any], Any], queue: str) -> Callable[[Any], Any]:
  """The callback for a queue's messages, which say their queue if nothing else of them does."""
  def receive(message: Any) -> Any:
    headers = message.headers
    if isinstance(headers, dict) and not _is_direct(message.delivery_info or {}):
      headers[HEADER] = queue
    return callback(message)

  return receive
