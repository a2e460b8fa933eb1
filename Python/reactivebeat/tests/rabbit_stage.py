"""A private RabbitMQ of the tests' own. It ends with the tests."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
from typing import Any, List, Tuple

import amqp

#: Not the one of the packages in sbin, which becomes the user `rabbitmq` first.
PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"
#: Seconds in which it must have started.
PATIENCE = 120
CONFIGURATION = """loopback_users = none
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 50MB
log.console = false
"""


class RabbitServer:
  """One node in a folder, on ports of its own, with an epmd of its own."""

  def __init__(self, folder: pathlib.Path) -> None:
    assert os.path.exists(PROGRAM), f"no {PROGRAM}: scripts/setup --test installs rabbitmq-server"
    self.folder = folder
    self._processes: List[Any] = []
    try:
      self._start()
    except BaseException:
      self.end()
      raise

  def _start(self) -> None:
    folder = self.folder
    (folder / "plugins").write_text("[].")
    (folder / "rabbitmq.conf").write_text(CONFIGURATION)
    self.port, distribution, mapper = _free_ports()
    environment = {
      **{name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ", "ERL"))},
      # Erlang's cookie is made there.
      "HOME": str(folder), "RABBITMQ_NODENAME": f"rabbit{self.port}@localhost",
      "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_NODE_PORT": str(self.port),
      "RABBITMQ_DIST_PORT": str(distribution), "ERL_EPMD_PORT": str(mapper), "ERL_EPMD_ADDRESS": "127.0.0.1",
      "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
      "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "none"), "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
      "RABBITMQ_LOG_BASE": str(folder / "log"), "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
      "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"), "RABBITMQ_PID_FILE": str(folder / "pid"),
      # The script then becomes the virtual machine: its pid is ours.
      "RABBITMQ_ALLOW_INPUT": "1",
      "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
        "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -noinput -kernel inet_dist_use_interface {127,0,0,1}"}
    # RabbitMQ would start an epmd that outlives it.
    epmd = shutil.which("epmd")
    assert epmd is not None, "no epmd, which comes with Erlang"
    self._run([epmd, "-port", str(mapper), "-address", "127.0.0.1"], environment)
    self._server = self._run([PROGRAM], environment)
    deadline = time.monotonic() + PATIENCE
    while True:
      try:
        self.connection().close()
        return
      except (OSError, amqp.AMQPError):
        assert self._server.poll() is None and time.monotonic() < deadline, self._said()
        time.sleep(0.1)

  def _run(self, command: List[str], environment: Any) -> Any:
    with open(self.folder / "out", "ab") as out:
      process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", *command], cwd=self.folder, env=environment,
        stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
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


def _free_ports() -> Tuple[int, int, int]:
  """Ports that nobody listens on. Another process may take one before it is used; that is rare."""
  sockets = [socket.socket() for _ in range(3)]
  try:
    for each in sockets:
      each.bind(("127.0.0.1", 0))
    first, second, third = (int(each.getsockname()[1]) for each in sockets)
    return first, second, third
  finally:
    for each in sockets:
      each.close()
