"""The scene of scripts/bench rabbitmq: a private RabbitMQ beside the scene's Redis."""

import pathlib
import sys
import tempfile

import amqp

from scene import PREFIX, PROJECT, QUEUE, Bystanders, Scene
from stage import BEAT_WATCH, clean_environment

sys.path.append(str(PROJECT / "Tests/Servers"))
import rabbit_program  # noqa: E402

PROBLEMS = (amqp.exceptions.AMQPError, OSError, EOFError)


class RabbitScene(Scene):
  files = None

  def begin(self, *server_options):
    super().begin(*server_options)
    # The programs of another root see no other folder of this system.
    self.files = tempfile.TemporaryDirectory(prefix="rabbitmq-") if rabbit_program.ROOT else None
    self.place = rabbit_program.Place(self.files.name if self.files else f"{self.folder}/rabbitmq")
    self.place.configure()
    self.start("epmd", *self.place.epmd())
    self.rabbit = self.start("rabbitmq", *self.place.server())
    self.poll("RabbitMQ is ready", self._answers, 120)
    self.connection = self.connect()
    self.channel = self.connection.channel()
    self.renew("classic")
    self.bystanders = Bystanders(self)

  def __exit__(self, *_):
    try:
      self.connection.close()
    except (AttributeError, *PROBLEMS):
      pass
    super().__exit__(*_)
    if self.files:
      self.files.cleanup()

  def _answers(self):
    try:
      self.connect().close()
      return True
    except PROBLEMS:
      return False

  @property
  def url(self):
    return f"amqp://guest:guest@127.0.0.1:{self.place.port}//"

  def connect(self):
    connection = amqp.Connection(
      f"127.0.0.1:{self.place.port}", userid="guest", password="guest", login_method="PLAIN", connect_timeout=10)
    connection.connect()
    return connection

  def evaluate(self, expression):
    """The value of an expression of Erlang on the server, as Erlang writes it."""
    return self.place.evaluate(expression, 60)

  def circumstances(self):
    """What is told with the figures."""
    return {"version": self.evaluate("rabbit_misc:version()").strip('"'), "others_share": self.bystanders.share()}

  def renew(self, kind):
    """Makes the queue anew, empty."""
    self.channel.queue_delete(QUEUE)
    self.channel.queue_declare(QUEUE, durable=True, auto_delete=False, arguments={"x-queue-type": kind})

  def length(self, queue=QUEUE):
    """The messages that wait in a queue."""
    return self.channel.queue_declare(queue, passive=True).message_count

  def purge(self, queue=QUEUE):
    self.channel.queue_purge(queue)

  def taken(self, queue=QUEUE):
    """Takes all messages out of a queue, the oldest first: their task ids."""
    count, ids = self.length(queue), []
    with self.connect() as connection:
      connection.channel().basic_consume(
        queue, no_ack=True, callback=lambda message: ids.append(message.properties["correlation_id"]))
      while len(ids) < count:
        connection.drain_events(timeout=60)
    return ids

  def start_beat(self, name, *options, broker, prefix=PREFIX, program=BEAT_WATCH):
    """Starts a daemon with the scene's Redis as its store, and waits until it is ready. `log` of what is returned names
    the file with its lines."""
    log = f"{self.folder}/{name}.log"
    daemon = self.start(
      name, "sh", "-c", 'exec "$@" 2>"$0"', log, program, "run", "--store-url",
      f"redis+socket://{self.socket}?virtual_host=1", "--broker-url", broker, "--default-queue", QUEUE, "--key-prefix",
      prefix, *options, env=clean_environment())
    daemon.log = log
    self.poll(f"{name} is ready", lambda: " ready " in text(log), 60 + self.loaded / 2000)
    return daemon

  def processor(self, daemon=None):
    """A daemon's processor time in nanoseconds."""
    return int(pathlib.Path(f"/proc/{(daemon or self.daemon).pid}/schedstat").read_text().split()[0])


def sentence(part):
  return f"RabbitMQ {part['version']}. Other programs kept {part['others_share']:.0%} of the processors busy meanwhile."


def text(path):
  try:
    with open(path) as file:
      return file.read()
  except FileNotFoundError:
    return ""
