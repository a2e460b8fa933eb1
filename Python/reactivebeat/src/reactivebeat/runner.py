"""Carries out the steps of operations on a client of redis-py."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
import weakref
from typing import Any, Final, Optional

import redis

from .advice import explain
from .connection import MOST_HOPS, Address
from .steps import MOST_AT_ONCE, MOST_SUBSCRIPTIONS, PROGRAM_PATIENCE, Command, Hear, Hold, Program, Step, Steps, T

#: Seconds for which a change waits for another one of the same process. A function that changes one schedule may change
#: a second one, and another thread the same two the other way round: so nobody waits for ever.
_COURTESY: Final = 1.0


class Runner:
  """Threads may share one: each has a connection while it needs it."""

  def __init__(self, client: redis.Redis, address: Optional[Address] = None) -> None:
    """`address` is the client's, for the texts of errors, and to follow a cluster."""
    self.client = client
    self._address = address
    #: Where the client leads: to another place than `address` in a cluster.
    self._place = address
    self._quick = threading.BoundedSemaphore(MOST_AT_ONCE)
    self._locks: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
    self._subscriptions = threading.BoundedSemaphore(MOST_SUBSCRIPTIONS)

  def run(self, steps: Steps[T]) -> T:
    """Carries an operation out. Errors of redis-py, such as a lost connection, are the caller's."""
    pubsub: Any = self.client.pubsub  # redis-py has no types for it.
    ears = _Ears(pubsub, self._subscriptions)
    held = contextlib.ExitStack()
    try:
      step = next(steps)
      while True:
        try:
          reply = self._carry_out(step, ears, held)
        except BaseException as error:  # KeyboardInterrupt too: an operation may have something to take back.
          step = steps.throw(error)
        else:
          step = steps.send(reply)
    except StopIteration as end:
      result: T = end.value
      return result
    except redis.RedisError as error:
      if self._address is not None:
        explain(error, self._address)
      raise
    finally:
      held.close()
      ears.close()

  def _hold(self, step: Hold, held: contextlib.ExitStack) -> None:
    lock = self._locks.setdefault(step.name, threading.RLock())
    if lock.acquire(timeout=_COURTESY):
      held.callback(lock.release)

  def _execute(self, step: Command) -> Any:
    for hop in range(MOST_HOPS):
      execute: Any = self.client.execute_command  # redis-py has no types for it.
      try:
        return execute(*step.words)
      except redis.exceptions.MovedError as moved:
        # Another node of the cluster has the key, and this one has done nothing.
        if self._place is None or hop == MOST_HOPS - 1:
          raise
        self._go(self._place.at(moved.host, moved.port))

  def _begin_anew(self) -> None:
    """After a lost connection: another node may know where the keys are now."""
    if self._address is not None and (self._place != self._address or len(self._address.hosts) > 1):
      self._address = self._address.next
      self._go(self._address)

  def _go(self, place: Address) -> None:
    # Other threads end their commands with the client that they have.
    self._place, self.client = place, place.client(repeats=False)

  def _carry_out(self, step: Step, ears: _Ears, held: contextlib.ExitStack) -> Any:
    if isinstance(step, Command):
      with self._quick if step.is_quick else contextlib.nullcontext():
        try:
          return self._execute(step)
        except redis.ConnectionError:
          self._begin_anew()
          # A connection that was idle may have been closed by the server.
          if not step.is_repeatable:
            raise
          return self._execute(step)
        except redis.TimeoutError:
          self._begin_anew()
          raise
    if isinstance(step, Hold):
      return self._hold(step, held)
    if isinstance(step, Hear):
      return ears.hear(step)
    if isinstance(step, Program):
      done = subprocess.run(
        step.words, env=step.environment, input=step.stdin, capture_output=True, timeout=PROGRAM_PATIENCE, check=False)
      return done.returncode, done.stdout, done.stderr
    time.sleep(step.seconds)
    return None


class _Ears:
  """The subscription of one operation, with a connection of its own, which is made when it is needed."""

  def __init__(self, pubsub: Any, places: threading.BoundedSemaphore) -> None:
    self._pubsub = pubsub
    self._places = places
    self._subscription: Optional[Any] = None
    self._is_refused = False

  def hear(self, step: Hear) -> None:
    if self._subscription is None and not self._is_refused:
      self._is_refused = not self._places.acquire(blocking=False)
      if not self._is_refused:
        self._subscription = self._pubsub(ignore_subscribe_messages=True)
        try:
          self._subscription.subscribe(step.channel)
        except redis.ResponseError:
          self._is_refused = True
    if self._is_refused:
      time.sleep(step.seconds)
    elif self._subscription is not None:
      try:
        self._subscription.get_message(timeout=step.seconds)
      except redis.ResponseError:
        self._is_refused = True

  def close(self) -> None:
    if self._subscription is not None:
      self._subscription.close()
      self._places.release()
