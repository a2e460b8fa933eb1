"""Carries out the steps of operations on a client of redis-py."""

from __future__ import annotations

import time
from typing import Any, Optional

import redis

from .steps import Command, Hear, Step, Steps, T


class Runner:
  """Threads may share one: the client gives each of them a connection."""

  def __init__(self, client: redis.Redis) -> None:
    self.client = client
    # redis-py has no types for these two.
    self._execute: Any = client.execute_command
    self._pubsub: Any = client.pubsub

  def run(self, steps: Steps[T]) -> T:
    """Carries an operation out. Errors of redis-py, such as a lost connection, are the caller's."""
    ears = _Ears(self._pubsub)
    try:
      step = next(steps)
      while True:
        try:
          reply = self._carry_out(step, ears)
        except BaseException as error:  # KeyboardInterrupt too: an operation may have something to take back.
          step = steps.throw(error)
        else:
          step = steps.send(reply)
    except StopIteration as end:
      result: T = end.value
      return result
    finally:
      ears.close()

  def _carry_out(self, step: Step, ears: _Ears) -> Any:
    if isinstance(step, Command):
      try:
        return self._execute(*step.words)
      except redis.ConnectionError:
        # A connection that was idle may have been closed by the server.
        if not step.is_repeatable:
          raise
        return self._execute(*step.words)
    if isinstance(step, Hear):
      return ears.hear(step)
    time.sleep(step.seconds)
    return None


class _Ears:
  """The subscription of one operation, with a connection of its own, which is made when it is needed."""

  def __init__(self, pubsub: Any) -> None:
    self._pubsub = pubsub
    self._subscription: Optional[Any] = None
    self._is_refused = False

  def hear(self, step: Hear) -> None:
    if self._is_refused:
      time.sleep(step.seconds)
    elif self._subscription is None:
      try:
        self._subscription = self._pubsub(ignore_subscribe_messages=True)
        self._subscription.subscribe(step.channel)
        self._subscription.get_message(timeout=step.seconds)
      except redis.ResponseError:
        self._is_refused = True
    else:
      self._subscription.get_message(timeout=step.seconds)

  def close(self) -> None:
    if self._subscription is not None:
      self._subscription.close()
