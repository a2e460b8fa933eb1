"""A private RabbitMQ for the suite, and the reader of its queues."""

import pathlib
import socket
import subprocess
import sys
import time

import amqp

from servers import spawn

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "Servers"))
import rabbit_program  # noqa: E402

PROBLEMS = (amqp.exceptions.AMQPError, OSError, EOFError)


class Rabbit:
  """Keeps what it has confirmed through `kill`. It takes 5 s to start again, and 20 s on a busy machine."""

  def __init__(self, folder, **settings):
    self.place = rabbit_program.Place(folder)
    self.place.configure(**settings)
    self.port = self.place.port
    self.process = self.epmd = None
    self.starts = 0

  def start(self):
    """Starts the server if it does not run, and does not wait until it takes connections."""
    if self.epmd is None:
      self.epmd = spawn(self.place.epmd(), stdout=subprocess.DEVNULL)
    if self.process and self.process.poll() is None:
      return
    with open(self.place.folder / "output", "ab") as output:
      self.process = spawn(self.place.server(), stdout=output, stderr=output)
    self.starts += 1

  @property
  def is_ready(self):
    """Whether it answers AMQP's first bytes."""
    try:
      with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
        probe.sendall(b"AMQP\0\0\x09\x01")
        return probe.recv(1) == b"\1"
    except OSError:
      return False

  def wait(self, seconds=120):
    deadline = time.monotonic() + seconds
    while not self.is_ready:
      if self.process.poll() is not None or time.monotonic() > deadline:
        raise RuntimeError(f"RabbitMQ is not ready after {seconds} s; see {self.place.folder}/output")
      time.sleep(0.05)

  def kill(self):
    self.process.kill()
    self.process.wait()

  def end(self):
    for process in (self.process, self.epmd):
      if process and process.poll() is None:
        process.kill()
        process.wait()

  def signal(self, number):
    self.process.send_signal(number)

  def evaluate(self, expressions):
    """The value of the last of several expressions of Erlang, as Erlang writes it."""
    return self.place.evaluate(expressions)

  def raise_alarm(self):
    self.evaluate("vm_memory_monitor:set_vm_memory_high_watermark({absolute, 1})")

  def end_alarm(self):
    self.evaluate("vm_memory_monitor:set_vm_memory_high_watermark({absolute, \"1GB\"})")

  def disconnect(self):
    """Closes all connections with 320, CONNECTION_FORCED."""
    self.evaluate("[rabbit_networking:close_connection(P, \"chaos\") || P <- rabbit_networking:connections()], ok")

  def connection(self, **options):
    connection = amqp.Connection(
      f"127.0.0.1:{self.port}", userid="guest", password="guest", connect_timeout=10, read_timeout=30, write_timeout=30,
      **options)
    connection.connect()
    return connection

  def declare(self, queue, kind="classic"):
    """Declares a queue as a worker does, and waits until it would survive `kill`: RabbitMQ writes a declaration a little
    after it has acknowledged it."""
    with self.connection() as connection:
      connection.channel().queue_declare(
        queue, durable=True, auto_delete=False, arguments={"x-queue-type": kind} if kind != "classic" else None)
    self.evaluate("catch mnesia:sync_log()")

  def delete_empty(self, queue):
    """Deletes a queue. Returns whether it did: it does not while there are messages in it."""
    with self.connection() as connection:
      try:
        connection.channel().queue_delete(queue, if_empty=True)
        return True
      except amqp.exceptions.PreconditionFailed:
        return False


class Reader:
  """Takes messages from a queue, the oldest first, one by one: a message that was delivered before it is asked for would
  come back out of order when the reader is lost."""

  def __init__(self, rabbit, queue):
    self.rabbit = rabbit
    self.queue = queue
    self.connection = self.channel = None

  def take(self):
    """The oldest message, with `headers`, `body` and `properties`; None: the queue is empty. Raises PROBLEMS when the
    server is away; the message stays there then, or has been taken for good, if its answer was lost."""
    try:
      if self.channel is None:
        self.connection = self.rabbit.connection()
        self.channel = self.connection.channel()
      return self.channel.basic_get(self.queue, no_ack=True)
    except PROBLEMS:
      self.close()
      raise

  def close(self):
    if self.connection is not None:
      try:
        self.connection.close()
      except PROBLEMS:
        pass
    self.connection = self.channel = None
