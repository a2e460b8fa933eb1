"""Schedules for asyncio: the operations of schedules.py, awaited.

One object belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import functools
import subprocess
import weakref
from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, Dict, Generator, List, Mapping, Optional, Tuple, Union

import redis
import redis.asyncio

from . import build, forecast, receipts, runs, values
from .advice import explain
from .connection import MOST_HOPS, Address
from .documents import Document, Draft
from .errors import ReactiveBeatError
from .forecast import State
from .keys import DEFAULT_PREFIX
from .ownership import Owner
from .receipts import Receipt
from .runs import Run
from .settings import Settings, warn_of_prefix
from .steps import (
  MOST_AT_ONCE, MOST_SUBSCRIPTIONS, PROGRAM_PATIENCE, Command, Hear, Hold, Program, Step, Steps, T)
from .store import Check, Saved, Store
from .when import When

if TYPE_CHECKING:
  from celery import Celery
  from typing_extensions import Unpack

  from .fields import Fields


class AsyncSchedules:
  """As `Schedules`: what each method does, takes and raises is said there."""

  def __init__(self, app: Union[Celery, Settings]) -> None:
    self.settings = app if isinstance(app, Settings) else Settings.of(app)
    warn_of_prefix(self.settings.key_prefix)
    self._address = self.settings.store
    self._store = Store(self.settings.keys, self._address.database)
    # Both belong to the event loop in which they are made.
    self._client: Optional[redis.asyncio.Redis] = None
    #: Where the client leads: to another place than the address in a cluster.
    self._place = self._address
    self._limits: Optional[_Limits] = None

  @classmethod
  def from_url(cls, url: str, prefix: str = DEFAULT_PREFIX) -> AsyncSchedules:
    return cls(Settings.of_store(url, prefix))

  def put(
    self, name: str, task: Any, when: When, *, replace: bool = True, check: bool = False, **fields: Unpack[Fields],
  ) -> AsyncSaving:
    """Stores a schedule when it is awaited: `await beat.put(…)`, or `await beat.put(…).wait()` with the receipt."""
    return self._put(name, build.build(name, task, when, fields, self.settings.timezone), replace, check)

  def put_document(
    self, name: str, document: Union[Mapping[str, Any], str, bytes], *, replace: bool = True, check: bool = False,
  ) -> AsyncSaving:
    return self._put(values.name(name), build.whole(document), replace, check)

  @contextlib.asynccontextmanager
  async def edit(self, name: str, *, check: bool = False) -> AsyncIterator[AsyncEdit]:
    """`async with beat.edit("report") as s: s.enabled = False`, and then `await s.wait()`."""
    edit = AsyncEdit(name, (await self.get(name)).data)
    yield edit
    edit._saving = await AsyncSaving(self, self._store.update(name, edit.on, self._check(check)))

  def update(self, name: str, function: Callable[[Draft], object], *, check: bool = False) -> AsyncSaving:
    """The function may be run several times. It is none of asyncio's."""
    return AsyncSaving(self, self._store.update(name, build.edit_by(name, function), self._check(check)))

  async def get(self, name: str) -> Document:
    return await self._run(self._store.document(values.name(name)))

  async def list(self, pattern: str = "*") -> List[Document]:
    return await self._run(self._store.documents(pattern))

  async def states(self, pattern: str = "*") -> List[State]:
    return await self._run(forecast.states(self.settings, pattern))

  async def owners(self) -> Dict[str, Owner]:
    return await self._run(self._store.owners())

  async def history(self, count: int = 20, since: Optional[datetime.datetime] = None) -> List[Run]:
    return await self._run(runs.history(self._store, None, count, since))

  def __getitem__(self, name: str) -> AsyncSchedule:
    return AsyncSchedule(self, values.name(name))

  async def close(self) -> None:
    if self._client is not None:
      await self._client.connection_pool.disconnect()

  async def __aenter__(self) -> AsyncSchedules:
    return self

  async def __aexit__(self, *_: object) -> None:
    await self.close()

  def _put(self, name: str, data: bytes, replace: bool, check: bool) -> AsyncSaving:
    return AsyncSaving(self, self._store.put(name, data, replace, self._check(check)))

  def _check(self, is_wanted: bool) -> Optional[Check]:
    return functools.partial(forecast.check, self.settings) if is_wanted else None

  async def _run(self, steps: Steps[T]) -> T:
    limits = self._limits = self._limits or _Limits()
    ears = _Ears(self._living, limits)
    held = contextlib.AsyncExitStack()
    cancelled = _cancellations()
    try:
      step = next(steps)
      while True:
        try:
          reply = await self._carry_out(step, limits, ears, held)
          if _cancellations() > cancelled:  # redis-py has kept a cancellation to itself.
            raise asyncio.CancelledError
        except BaseException as error:  # Cancelled too: an operation may have something to take back.
          cancelled = _cancellations()
          step = steps.throw(error)
        else:
          step = steps.send(reply)
    except StopIteration as end:
      result: T = end.value
      return result
    except redis.RedisError as error:
      explain(error, self._address)
      raise
    finally:
      await held.aclose()
      await ears.close()

  async def _carry_out(
    self, step: Step, limits: _Limits, ears: _Ears, held: contextlib.AsyncExitStack,
  ) -> Any:
    if isinstance(step, Command):
      if not step.is_quick:
        return await self._repeat(step)
      async with limits.quick:
        return await self._repeat(step)
    if isinstance(step, Hold):
      # The function of a change is none of asyncio's, and cannot wait for another change.
      return await held.enter_async_context(limits.lock(step.name))
    if isinstance(step, Hear):
      return await ears.hear(step)
    if isinstance(step, Program):
      return await _run_program(step)
    return await asyncio.sleep(step.seconds)

  async def _repeat(self, step: Command) -> Any:
    try:
      return await self._execute(step)
    except redis.TimeoutError:
      await self._begin_anew()
      raise
    except redis.ConnectionError:
      await self._begin_anew()
      # A connection that was idle may have been closed by the server.
      if not step.is_repeatable:
        raise
      return await self._execute(step)

  async def _execute(self, step: Command) -> Any:
    for hop in range(MOST_HOPS):
      execute: Any = self._living.execute_command
      try:
        return await execute(*step.words)
      except redis.exceptions.MovedError as moved:
        # Another node of the cluster has the key, and this one has done nothing.
        if hop == MOST_HOPS - 1:
          raise
        await self._go(self._place.at(moved.host, moved.port))

  async def _begin_anew(self) -> None:
    """After a lost connection: another node may know where the keys are now."""
    if self._place != self._address or len(self._address.hosts) > 1:
      self._address = self._address.next
      await self._go(self._address)

  @property
  def _living(self) -> redis.asyncio.Redis:
    self._client = self._client or self._place.async_client(repeats=False)
    return self._client

  async def _go(self, place: Address) -> None:
    old, self._place, self._client = self._client, place, place.async_client(repeats=False)
    if old is not None:
      # Connections that others use at this moment are not closed.
      await old.connection_pool.disconnect(inuse_connections=False)


class AsyncSchedule:
  """As `Schedule`."""

  __slots__ = ("name", "_schedules", "_store")

  def __init__(self, schedules: AsyncSchedules, name: str) -> None:
    self.name = name
    self._schedules = schedules
    self._store = schedules._store

  async def get(self) -> Document:
    return await self._schedules.get(self.name)

  def edit(self, *, check: bool = False) -> contextlib.AbstractAsyncContextManager[AsyncEdit]:
    return self._schedules.edit(self.name, check=check)

  def update(self, function: Callable[[Draft], object], *, check: bool = False) -> AsyncSaving:
    return self._schedules.update(self.name, function, check=check)

  def enable(self) -> AsyncSaving:
    return self.update(lambda draft: setattr(draft, "enabled", True))

  def disable(self) -> AsyncSaving:
    return self.update(lambda draft: setattr(draft, "enabled", False))

  async def next(self, count: int = 5) -> List[datetime.datetime]:
    return await self._schedules._run(forecast.next_runs(self._schedules.settings, self.name, count))

  async def fire(self, timeout: float = 10.0) -> str:
    return await self._schedules._run(runs.fire(self._store, self.name, timeout))

  async def history(self, count: int = 20, since: Optional[datetime.datetime] = None) -> List[Run]:
    return await self._schedules._run(runs.history(self._store, self.name, count, since))

  async def receipt(self) -> Optional[Receipt]:
    return await self._schedules._run(receipts.receipt(self._store, self.name))

  async def delete(self) -> None:
    await self._schedules._run(self._store.delete(self.name))

  async def rename(self, name: str) -> AsyncSchedule:
    renamed = self._schedules[name]
    await self._schedules._run(self._store.rename(self.name, name))
    return renamed

  def __repr__(self) -> str:
    return f"<AsyncSchedule {self.name}>"


class AsyncSaving:
  """A change that is stored when this is awaited, or `wait()` is: once, however often, and by whomever."""

  def __init__(self, schedules: AsyncSchedules, steps: Steps[Saved]) -> None:
    self._schedules = schedules
    # Python warns of one that is never awaited.
    self._work = schedules._run(steps)
    self._saved: Optional[Saved] = None
    # There when somebody awaits it, and done when the work has ended, however it has.
    self._end: Optional[asyncio.Future[None]] = None
    self._error: Optional[Exception] = None

  def __await__(self) -> Generator[Any, None, AsyncSaving]:
    if self._end is None:
      self._end = asyncio.get_running_loop().create_future()
      try:
        self._saved = yield from self._work.__await__()
      except Exception as error:
        self._error = error
        raise
      finally:
        self._end.set_result(None)
      return self
    if not self._end.done():
      yield from asyncio.shield(self._end).__await__()
    if self._saved is None:
      raise self._error or ReactiveBeatError("whether it was stored is not known: whoever awaited it was cancelled")
    return self

  @property
  def document(self) -> Document:
    """What stands there."""
    return Document(self._stored.name, self._stored.data)

  @property
  def is_changed(self) -> bool:
    """False: all of it stood there already, and nothing was written."""
    return self._stored.is_changed

  async def wait(self, timeout: float = 10.0) -> Receipt:
    await self
    return await self._schedules._run(receipts.awaited(self._schedules._store, self._stored, timeout))

  @property
  def _stored(self) -> Saved:
    if self._saved is None:
      raise ReactiveBeatError("nothing was stored yet: await it first")
    return self._saved


class AsyncEdit(Draft):
  """As `Edit`."""

  _saving: Optional[AsyncSaving] = None

  @property
  def saving(self) -> AsyncSaving:
    if self._saving is None:
      raise ReactiveBeatError(f"{self.name}: nothing was stored, for the block of edit has not ended, or has failed")
    return self._saving

  async def wait(self, timeout: float = 10.0) -> Receipt:
    return await self.saving.wait(timeout)


def _cancellations() -> int:
  """How often the running task was cancelled, and has not taken that back. Before Python 3.11 nobody knows: 0."""
  cancelling: Callable[[], int] = getattr(asyncio.current_task(), "cancelling", lambda: 0)
  return cancelling()


async def _run_program(step: Program) -> Tuple[int, bytes, bytes]:
  process = await asyncio.create_subprocess_exec(
    *step.words, env=step.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
  try:
    output, errors = await asyncio.wait_for(process.communicate(step.stdin), PROGRAM_PATIENCE)
  finally:
    if process.returncode is None:
      process.kill()
      await process.wait()
  return process.returncode or 0, output, errors


class _Limits:
  """How much is under way at once."""

  def __init__(self) -> None:
    self.quick = asyncio.Semaphore(MOST_AT_ONCE)
    self.subscriptions = MOST_SUBSCRIPTIONS
    self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

  def lock(self, name: str) -> asyncio.Lock:
    """Held by the change of a schedule that is under way."""
    return self._locks.setdefault(name, asyncio.Lock())


class _Ears:
  """The subscription of one operation, with a connection of its own, which is made when it is needed."""

  def __init__(self, client: redis.asyncio.Redis, limits: _Limits) -> None:
    self._pubsub: Any = client.pubsub
    self._limits = limits
    self._subscription: Optional[Any] = None
    self._is_refused = False

  async def hear(self, step: Hear) -> None:
    if self._subscription is None and not self._is_refused:
      self._is_refused = self._limits.subscriptions == 0
      if not self._is_refused:
        self._limits.subscriptions -= 1
        self._subscription = self._pubsub(ignore_subscribe_messages=True)
        try:
          await self._subscription.subscribe(step.channel)
        except redis.ResponseError:
          self._is_refused = True
    if self._is_refused:
      await asyncio.sleep(step.seconds)
    elif self._subscription is not None:
      try:
        await self._subscription.get_message(timeout=step.seconds)
      except redis.ResponseError:
        self._is_refused = True

  async def close(self) -> None:
    if self._subscription is not None:
      self._limits.subscriptions += 1
      # Since 5.0.1 redis-py calls it aclose, and warns of the old name.
      close = getattr(self._subscription, "aclose", None) or self._subscription.close
      await close()
