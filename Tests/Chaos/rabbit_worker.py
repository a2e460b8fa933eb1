"""A Celery worker with the package's guard (`reactivebeat.worker.once`), which gets what the suite has taken from the
daemons' queue, repeats included. RabbitMQ and the guard's Redis are those that are killed and frozen."""

import collections
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time

import amqp

from rabbit import PROBLEMS
from servers import spawn

QUEUE = "guarded"
_HERE = pathlib.Path(__file__).resolve().parent
_DATABASE = 3  # where the guard records runs, in the store's Redis
_BATCH = 100  # messages that are sent before the first confirm is waited for
_PATIENCE = 60  # seconds without a run until what is missing counts as lost. A worker may find RabbitMQ again late


class GuardedWorker:
  """Each message has one run, whatever comes how often."""

  def __init__(self, rabbit, redis, folder, project):
    self.folder = pathlib.Path(folder)
    self.runs = self.folder / "runs"
    self.runs.touch()
    self.rabbit = rabbit
    self.environment = {
      "PYTHONPATH": os.pathsep.join([str(pathlib.Path(project) / "Python/reactivebeat/src"), str(self._metadata()),
                                     str(_HERE)]),
      "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"], "CHAOS_RUNS": str(self.runs),
      "CHAOS_BROKER": f"amqp://guest:guest@127.0.0.1:{rabbit.port}//", "CHAOS_QUEUE": QUEUE,
      "CHAOS_GUARD": f"redis+socket://{redis.path}?virtual_host={_DATABASE}"}
    self.sender = _Sender(rabbit)
    self.sent = set()
    self.ran = collections.Counter()
    self.read_to = 0  # how far the file of runs has been read
    self.told = set()
    self.process = None

  def _metadata(self):
    """The package is not installed beside this Celery, and its version is read from its metadata."""
    folder = self.folder / "metadata"
    (folder / "reactivebeat-0.dist-info").mkdir(parents=True, exist_ok=True)
    text = "Metadata-Version: 2.1\nName: reactivebeat\nVersion: 0\n"
    (folder / "reactivebeat-0.dist-info" / "METADATA").write_text(text)
    return folder

  def start(self):
    self.rabbit.declare(QUEUE)
    with open(self.folder / "worker.log", "ab") as log:
      self.process = spawn(
        [sys.executable, "-m", "celery", "-A", "guarded_app", "worker", "-P", "solo", "-Q", QUEUE, "-l", "warning",
         "--without-gossip", "--without-mingle", "--without-heartbeat"],
        cwd=self.folder, env=self.environment, stdout=log, stderr=subprocess.STDOUT)
    self.sender.start()

  def send(self, message):
    """Gives a message to the worker, once more if it has come once more."""
    self.sent.add(message.properties["correlation_id"])
    self.sender.waiting.put(amqp.Message(message.body, **message.properties))

  @property
  def count(self):
    return len(self.ran)

  def problems(self):
    """What is wrong until now, each once."""
    if self.sender.problem:
      raise self.sender.problem
    with open(self.runs, "rb") as runs:
      runs.seek(self.read_to)
      lines = runs.read()
    whole = lines[:lines.rfind(b"\n") + 1]
    self.read_to += len(whole)
    self.ran.update(whole.decode().split())
    again = {task for task, count in self.ran.items() if count > 1} - self.told
    self.told |= again
    found = [f"{task} was run {self.ran[task]} times by a worker with the guard" for task in sorted(again)]
    if self.process.poll() is not None:
      found.append(f"the worker has ended with status {self.process.returncode}; see {self.folder}/worker.log")
    return found

  def finish(self):
    """Waits until everything has run. Returns what is wrong."""
    found, count, since = self.problems(), 0, time.monotonic()
    while not found and (missing := self.sent - self.ran.keys()):
      if self.count > count:
        count, since = self.count, time.monotonic()
      elif time.monotonic() - since > _PATIENCE:
        return [f"{len(missing)} messages were not run by a worker with the guard, such as {min(missing)}"]
      time.sleep(0.2)
      found = self.problems()
    return found

  def end(self):
    self.sender.is_over = True
    if self.process and self.process.poll() is None:
      self.process.kill()
      self.process.wait()


class _Sender(threading.Thread):
  """Puts messages on the worker's queue. Those whose confirms are lost are sent again; the guard sees repeats."""

  def __init__(self, rabbit):
    super().__init__(daemon=True, name="sender")
    self.rabbit = rabbit
    self.waiting = queue.SimpleQueue()
    self.is_over = False
    self.problem = None

  def run(self):
    batch = []
    try:
      while not self.is_over:
        try:
          with self.rabbit.connection() as connection:
            while not self.is_over:
              batch = batch or self._next()
              self._publish(connection, batch)
              batch = []
        except PROBLEMS:
          time.sleep(0.2)
    except BaseException as error:
      self.problem = error
      raise

  def _next(self):
    """The next messages; it waits for the first one."""
    batch = [self.waiting.get()]
    while len(batch) < _BATCH and not self.waiting.empty():
      batch.append(self.waiting.get())
    return batch

  @staticmethod
  def _publish(connection, batch):
    """Returns when RabbitMQ has confirmed all messages."""
    unconfirmed = set(range(1, len(batch) + 1))

    def confirmed(tag, is_multiple):
      unconfirmed.difference_update(range(1, tag + 1) if is_multiple else (tag,))
    with connection.channel() as channel:
      channel.confirm_select()
      channel.events["basic_ack"].add(confirmed)
      for message in batch:
        channel.basic_publish(message, routing_key=QUEUE)
      while unconfirmed:
        connection.drain_events(timeout=30)
