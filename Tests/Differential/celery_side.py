"""What Celery itself sends, and what application.py says that it sends. Runs in the Python of a Celery; prints one JSON
object for each application. Arguments: the path of a Redis socket, the first seed, and how many."""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import sys
import traceback
import warnings
from typing import Any, Callable, Dict, List

import celery
import redis
from celery import beat
from kombu.transport.virtual.base import NotEquivalentError
from random_application import TASKS, UNKNOWN, Application

HERE = pathlib.Path(__file__).resolve().parent


def load_application() -> Any:
  """The module that the package and beat-watch ask Celery with."""
  path = HERE.parents[1] / "Sources/beat-watch/Python/application.py"
  spec = importlib.util.spec_from_file_location("application", path)
  assert spec is not None and spec.loader is not None
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


def apart(work: Callable[[], Any]) -> Any:
  """The result of a function that runs in a process of its own: Celery and kombu keep in memory what was declared."""
  reading, writing = os.pipe()
  pid = os.fork()
  if pid == 0:
    status = 1
    try:
      os.close(reading)
      with os.fdopen(writing, "w") as pipe:
        pipe.write(json.dumps(work()))
      status = 0
    except BaseException:
      traceback.print_exc()
    finally:
      os._exit(status)
  os.close(writing)
  with os.fdopen(reading) as pipe:
    text = pipe.read()
  _, status = os.waitpid(pid, 0)
  assert status == 0, "a process of the harness has failed"
  return json.loads(text)


def declare(application: Application, module: Any) -> List[str]:
  """Declares the application's queues, and those that its routes alone name, as workers of all of them do before
  anything is sent. Returns the exchanges that it declares with two types. RabbitMQ refuses the second one; what kombu's
  Redis transport does depends on who was first."""
  module.manifest(application.app, names=[UNKNOWN])
  refused = set()
  with application.app.connection_for_write() as connection:
    for queue in list(application.app.amqp.queues.values()):
      try:
        queue(connection.default_channel).declare()
      except NotEquivalentError:
        refused.add(queue.exchange.name)
  return sorted(refused)


def messages(client: Any) -> Dict[str, Any]:
  """The lists and what lies in them, which is taken out. Bindings stay."""
  found = {}
  for key in client.scan_iter(count=1_000):
    if client.type(key) == b"list":
      found[key.decode("utf-8", "backslashreplace")] = [text.decode() for text in client.lrange(key, 0, -1)]
      client.delete(key)
  return found


def send(application: Application, task: str, client: Any) -> Dict[str, Any]:
  """What a fresh celery beat puts into Redis for an entry that names only its task."""
  app = application.app
  scheduler = beat.Scheduler(app, lazy=True)
  entry = beat.ScheduleEntry(name=task, task=task, schedule=60, app=app)
  registered = app.tasks.get(task)
  if registered is not None:
    # An entry without arguments is a question about the sending, not about the task's parameters.
    registered.typing = False
  try:
    scheduler.apply_async(entry, producer=scheduler.producer, advance=False)
  except Exception as error:
    return {"error": str(error), "lists": messages(client)}
  return {"lists": messages(client)}


def main(socket: str, first: int, count: int) -> None:
  warnings.simplefilter("ignore")
  client = redis.Redis(unix_socket_path=socket)
  broker = f"redis+socket://{socket}?virtual_host=0"
  module = load_application()
  for seed in range(first, first + count):
    client.flushall()

    def of(work: Callable[[Application], Any], seed: int = seed) -> Any:
      return apart(lambda: work(Application(seed, broker)))

    two_types = of(lambda application: declare(application, module))
    bindings = {key: client.smembers(key) for key in client.scan_iter(count=1_000) if client.type(key) == b"set"}
    record = {
      "seed": seed, "celery": celery.__version__, "two_types": two_types,
      "bindings": {key.decode(): sorted(member.decode() for member in members) for key, members in bindings.items()},
      "manifest": of(lambda application: module.manifest(application.app, names=[UNKNOWN])),
      "words": of(lambda application: repr(application.words)),
      "sent": {task: of(lambda application, task=task: send(application, task, client)) for task in [*TASKS, UNKNOWN]}}
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
  main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
