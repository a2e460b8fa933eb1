"""A private RabbitMQ of the tests' own. It ends with the tests."""

import os
import pathlib
import signal
import subprocess
import sys
import time
from typing import Any, List

import amqp
from conftest import PROJECT

sys.path.append(str(PROJECT / "Tests" / "Servers"))
import rabbit_program  # noqa: E402

#: Seconds in which it must have started.
PATIENCE = 120


class RabbitServer:
  """One node in a folder, on ports of its own, with an epmd of its own."""

  def __init__(self, folder: pathlib.Path) -> None:
    self.folder = folder
    self._processes: List[Any] = []
    try:
      self._start()
    except BaseException:
      self.end()
      raise

  def _start(self) -> None:
    place = rabbit_program.Place(self.folder)
    place.configure()
    self.port: int = place.port
    self._run(place.epmd())
    self._server = self._run(place.server())
    deadline = time.monotonic() + PATIENCE
    while True:
      try:
        self.connection().close()
        return
      except (OSError, amqp.AMQPError):
        assert self._server.poll() is None and time.monotonic() < deadline, self._said()
        time.sleep(0.1)

  def _run(self, command: List[str]) -> Any:
    with open(self.folder / "out", "ab") as out:
      process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", *command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        start_new_session=True)
    self._processes.append(process)
    return process

  def _said(self) -> str:
    return "RabbitMQ did not start: " + (self.folder / "out").read_text(errors="replace")[-3000:]

  @property
  def url(self) -> str:
    return f"amqp://guest:guest@localhost:{self.port}//"

  def connection(self) -> Any:
    connection = amqp.Connection(f"localhost:{self.port}", connect_timeout=10, login_method="PLAIN")
    connection.connect()
    return connection

  def publish(self, body: bytes, queue: str = "celery", **properties: Any) -> None:
    """Puts a message on a queue, when that is there, and waits until the broker has it."""
    with amqp.Connection(f"localhost:{self.port}", connect_timeout=10, confirm_publish=True,
                         login_method="PLAIN") as connection:
      channel = connection.channel()
      channel.queue_declare(queue, passive=True)
      channel.basic_publish(amqp.Message(body, **properties), routing_key=queue)

  def take(self, queue: str = "celery") -> Any:
    """A queue's first message, which leaves it; None: there is none."""
    with self.connection() as connection:
      return connection.channel().basic_get(queue, no_ack=True)

  def declare(self, queue: str = "celery") -> None:
    """As a worker of Celery does."""
    with self.connection() as connection:
      connection.channel().queue_declare(queue, durable=True, auto_delete=False)

  def count(self, queue: str = "celery") -> int:
    """Messages that wait in a queue."""
    with self.connection() as connection:
      return int(connection.channel().queue_declare(queue, passive=True).message_count)

  def end(self) -> None:
    # The server has children of its own, which end with its group.
    for process in reversed(self._processes):
      try:
        os.killpg(process.pid, signal.SIGKILL)
      except ProcessLookupError:
        pass
      process.wait()
