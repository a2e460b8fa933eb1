"""The faults of RabbitMQ."""

import signal
import time

import broker
import faults


class RabbitFault(faults.Fault):
  variants = ("rabbitmq",)

  def __init__(self, stage, *arguments):
    super().__init__(stage, *arguments)
    self.broker = stage.broker


class RabbitKilled(RabbitFault):
  """It takes some seconds to start again, which is not waited for."""
  name = "rabbitmq: kill -9"
  weight = 0.5

  def strike(self):
    self.stage.repeats.kills.append(time.time())
    self.broker.kill()

  def heal(self):
    self.stage.measure_outbox()
    self.broker.start()


class RabbitStopped(RabbitFault):
  name = "rabbitmq: SIGSTOP"

  def strike(self):
    self.broker.signal(signal.SIGSTOP)

  def heal(self):
    self.stage.measure_outbox()
    self.broker.signal(signal.SIGCONT)


class RabbitAsked(RabbitFault):
  """A fault of a server that must answer the suite."""

  def strike(self):
    return self.broker.is_ready and self.act()


class QueueGone(RabbitAsked):
  """Somebody deletes the queue when workers have emptied it, and a worker makes it again. What comes meanwhile goes
  nowhere."""
  name = "rabbitmq: no queue"

  @staticmethod
  def choose(r):
    return {"act_ms": r.choice([50, 150, 400, 1000])}

  def act(self):
    return self.stage.delete_queue()

  def heal(self):
    if self.stage.lacks_queue:
      self.stage.declare_queue()
      time.sleep(0.3)  # Messages come that must wait behind those that came back.


class RabbitDisconnects(RabbitAsked):
  name = "rabbitmq: 320 to all connections"

  def act(self):
    self.broker.disconnect()


class RabbitAlarm(RabbitAsked):
  name = "rabbitmq: memory alarm"

  def act(self):
    self.broker.raise_alarm()

  def heal(self):
    # A server that was killed meanwhile begins without an alarm.
    if self.broker.is_ready:
      self.broker.end_alarm()


class RabbitCut(broker.BrokerCut):
  name = "rabbitmq: cut"
  variants = ("rabbitmq",)


ALL = [QueueGone, RabbitDisconnects, RabbitAlarm, RabbitCut, RabbitStopped, RabbitKilled]
