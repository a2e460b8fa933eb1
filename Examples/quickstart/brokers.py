"""Where the workers' queues are in the quickstart: in Redis, or on RabbitMQ."""


class RedisBroker:
  """Database 0 of the quickstart's Redis."""

  needs_redis = True
  note = "The workers' queues are in database 0 of a private Redis."

  def __init__(self, redis_port):
    self.url = f"redis://127.0.0.1:{redis_port}/0"

  def start(self, stage):
    """Redis runs already. Returns the URL that the worker and beat-watch use."""
    return self.url


class RabbitBroker:
  """A private RabbitMQ. The worker declares its queues when it starts, as always with Celery."""

  needs_redis = False
  note = "The workers' queues are on a private RabbitMQ, which takes some seconds to start."

  def __init__(self, _):
    pass

  def start(self, stage):
    return f"amqp://guest:guest@127.0.0.1:{stage.rabbitmq()}//"


BROKERS = {"redis": RedisBroker, "rabbitmq": RabbitBroker}
