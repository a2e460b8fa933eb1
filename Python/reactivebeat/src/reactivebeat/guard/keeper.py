"""The thread of a worker's process that keeps the records of its runs alive."""

from __future__ import annotations

import logging
import threading
import time
from typing import Dict, Final, Optional

import redis

from .records import Records, Run

logger: Final = logging.getLogger("reactivebeat.worker")

#: Seconds until a call that failed is tried again.
_PAUSE: Final = 0.25
#: Ended runs that could not be recorded yet. More would be those of a Redis that does not come back.
_MOST_OWED: Final = 10_000


class Keeper:
  """Renews the runs that are under way, and records the ended ones for which Redis did not answer.

  The thread begins with the first run, sleeps while there is nothing to renew, and ends with the process. A run that is
  shorter than the interval costs it nothing: it is neither woken by a run's beginning nor by its end.
  """

  def __init__(self, records: Records, interval: float) -> None:
    """`interval`: seconds from one renewal of a run to the next."""
    self._records = records
    self._interval = interval
    self._changed = threading.Condition()
    self._held: Dict[Run, float] = {}  # run -> when it is renewed, monotonic
    self._owed: Dict[Run, None] = {}
    self._thread: Optional[threading.Thread] = None
    self._sleeps = False
    self._fails = False

  def hold(self, run: Run) -> None:
    """The run has begun."""
    with self._changed:
      self._held[run] = time.monotonic() + self._interval
      self._wake()

  def let_go(self, run: Run) -> None:
    """The run is over."""
    with self._changed:
      self._held.pop(run, None)

  def owe(self, run: Run) -> None:
    """The run has ended, and Redis could not be told. It is told later."""
    with self._changed:
      if len(self._owed) >= _MOST_OWED:
        self._owed.pop(next(iter(self._owed)))
      self._owed[run] = None
      self._wake()
      self._changed.notify()

  def settle(self) -> None:
    """Records the ends that Redis could not be told. Raises redis.RedisError when it still cannot."""
    if not self._owed:
      return
    with self._changed:
      owed = list(self._owed)
    for run in owed:
      self._records.finish(run)
      with self._changed:
        self._owed.pop(run, None)

  def _wake(self) -> None:
    if self._thread is None:
      self._thread = threading.Thread(target=self._work, name="reactivebeat-once", daemon=True)
      self._thread.start()
    elif self._sleeps:
      self._changed.notify()

  def _work(self) -> None:
    while True:
      with self._changed:
        while not (self._held or self._owed):
          # Most runs are short. Only after an interval without any, a run's beginning must wake this thread.
          if not self._changed.wait(self._interval) and not (self._held or self._owed):
            self._sleeps = True
            self._changed.wait()
            self._sleeps = False
        now = time.monotonic()
        due = min(self._held.values(), default=now + self._interval)
        if self._owed:
          due = min(due, now + _PAUSE)
        self._changed.wait(max(0.0, due - now))
        now = time.monotonic()
        held = [run for run, due in self._held.items() if due <= now]
      try:
        self.settle()
        self._renew(held)
        self._fails = False
      except redis.RedisError as error:
        if not self._fails:
          self._fails = True
          logger.warning("The runs of this process go on, and cannot be kept alive in Redis: %s", error)
        self._again(held)
      except Exception:
        # Without this thread runs would look dead that are alive.
        logger.exception("The runs of this process go on, and cannot be kept alive in Redis")
        self._again(held)

  def _renew(self, runs: list[Run]) -> None:
    if not runs:
      return
    alive = self._records.renew(runs)
    due = time.monotonic() + self._interval
    with self._changed:
      for run, is_ours in zip(runs, alive):
        if run not in self._held:
          continue
        if is_ours:
          self._held[run] = due
          continue
        del self._held[run]
        logger.warning("Task %s was not renewed in time and runs elsewhere too: was this process paused?", run.task_id)

  def _again(self, runs: list[Run]) -> None:
    due = time.monotonic() + min(_PAUSE, self._interval)
    with self._changed:
      for run in runs:
        if run in self._held:
          self._held[run] = due
