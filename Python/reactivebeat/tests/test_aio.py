"""The same with asyncio."""

import asyncio
import contextlib
import hashlib
import json
import pathlib
import sys
import time
from typing import Any, Awaitable, Callable

import pytest
from conftest import Daemon, Server

from reactivebeat import AsyncSchedules, Conflict, InvalidSchedule, NoDaemon, NotFound, ReactiveBeatError, Rejected
from reactivebeat.settings import Settings


@pytest.fixture
def run(server: Server, beat_watch: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
  monkeypatch.setenv("BEAT_WATCH_PROGRAM", str(beat_watch))

  def run(work: Callable[[AsyncSchedules], Awaitable[None]]) -> None:
    async def main() -> None:
      async with AsyncSchedules.from_url(server.url(1)) as beat:
        await asyncio.wait_for(work(beat), 60)
    asyncio.run(main())
  return run


def test_all_of_it(server: Server, daemon: Daemon, run: Any) -> None:
  async def work(beat: AsyncSchedules) -> None:
    receipt = await beat.put("report", "tasks.report", 3600, kwargs={"x": 1}, queue="q").wait()
    assert receipt.is_accepted
    saving = await beat.put("report", "tasks.report", 3600, kwargs={"x": 1}, queue="q")
    assert not saving.is_changed and saving.document.queue == "q"
    async with beat.edit("report") as s:
      s.enabled = False
    assert (await s.wait()).next is None
    assert (await beat["report"].enable().wait()).next is not None
    await beat["report"].disable()
    await beat.update("report", lambda draft: draft.__setitem__("mine", 1))
    document = await beat.get("report")
    assert (document.enabled, document["mine"]) == (False, 1)
    await beat.put_document("raw", {"name": "raw", "task": "t", "enabled": True, "crontab": {"hour": 2}}).wait()
    assert [document.name for document in await beat.list()] == ["raw", "report"]
    assert len(await beat["raw"].next(3)) == 3
    assert [(state.name, state.state) for state in await beat.states("raw")] == [("raw", "enabled")]
    assert await beat.owners() == {}
    with pytest.raises(InvalidSchedule, match="^jitter: must be shorter"):
      await beat.put("no", "t", 10, jitter=60, check=True)
    with pytest.raises(Conflict):
      await beat.put("raw", "t", 10, replace=False)
    task_id = await beat["report"].fire()
    assert [run.id for run in await beat["report"].history()] == [task_id]
    assert [run.id for run in await beat.history()] == [task_id]
    renamed = await beat["report"].rename("other")
    assert (await renamed.get()).task == "tasks.report"
    with pytest.raises(Conflict):
      await beat["raw"].rename("other")
    receipt = await beat["raw"].receipt()
    assert receipt is not None and receipt.is_accepted
    await renamed.delete()
    with pytest.raises(NotFound):
      await renamed.get()
    with pytest.raises(Rejected, match="jitter"):
      await beat.put("bad", "t", 60, jitter=60).wait()
  run(work)


def test_errors(server: Server, run: Any) -> None:
  async def work(beat: AsyncSchedules) -> None:
    with pytest.raises(InvalidSchedule, match="interval.every"):
      beat.put("n", "t", 0)
    saving = beat.put("n", "t", 60)
    with pytest.raises(ReactiveBeatError, match="await it first"):
      saving.document
    with pytest.raises(NoDaemon):
      await saving.wait(0.3)
    assert saving.is_changed and (await saving) is saving
    with pytest.raises(NotFound):
      async with beat.edit("absent"):
        pass
    async with beat.edit("n") as s:
      with pytest.raises(ReactiveBeatError, match="the block of edit has not ended"):
        await s.wait()
    with pytest.raises(NoDaemon):
      await s.wait(0.3)
    with pytest.raises(AttributeError):
      beat["n"].enabled = False  # type: ignore[attr-defined]
    with pytest.raises(NoDaemon, match="the request is taken back"):
      await beat["n"].fire(0.2)
  run(work)


def test_a_saving_that_is_awaited_more_than_once(server: Server, run: Any) -> None:
  async def work(beat: AsyncSchedules) -> None:
    saving = beat.put("n", "t", 60)
    answers = await asyncio.gather(saving, saving.wait(0.1), saving, return_exceptions=True)
    assert answers[0] is saving and answers[2] is saving and isinstance(answers[1], NoDaemon)
    server.client(1).lpush("tasks:meta:list", "x")
    failing = beat.put("list", "t", 60)
    for answer in await asyncio.gather(failing, failing, return_exceptions=True):
      assert isinstance(answer, Conflict)
    with pytest.raises(Conflict):
      await failing.wait()

    cancelled = beat.update("n", lambda draft: setattr(draft, "enabled", False))
    tasks = [asyncio.ensure_future(_awaited(cancelled)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(tasks[0], tasks[2])
    assert tasks[1].cancelled() and not (await beat.get("n")).enabled
    cancelled = beat.update("n", lambda draft: setattr(draft, "enabled", True))
    beat._execute = lambda *_: asyncio.sleep(60)  # type: ignore[method-assign]
    tasks = [asyncio.ensure_future(_awaited(cancelled)) for _ in range(2)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    with pytest.raises(ReactiveBeatError, match="whoever awaited it was cancelled"):
      await tasks[1]
  run(work)


async def _awaited(saving: Any) -> Any:
  return await saving


def test_a_cancelled_wait_takes_its_request_back(server: Server, run: Any) -> None:
  async def work(beat: AsyncSchedules) -> None:
    await beat.put("n", "t", 60)
    firing = asyncio.ensure_future(beat["n"].fire(60))
    client = server.client(1)
    while not client.hlen("reactivebeat:tasks:meta:manual"):
      await asyncio.sleep(0.01)
    firing.cancel()
    with pytest.raises(asyncio.CancelledError):
      await firing
    assert client.hlen("reactivebeat:tasks:meta:manual") == 0
  run(work)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="nobody knows of a cancellation that is kept back")
def test_a_cancellation_that_the_client_keeps_to_itself(
    server: Server, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
  """Releases of redis-py do so, now and then."""
  monkeypatch.setattr("reactivebeat.runs._PIECE", 0.1)

  async def work(beat: AsyncSchedules) -> None:
    await beat.put("n", "t", 60)
    execute, client = beat._execute, server.client(1)

    async def deaf(*arguments: Any) -> Any:
      asking = asyncio.ensure_future(execute(*arguments))
      while not asking.done():
        with contextlib.suppress(asyncio.CancelledError):
          await asyncio.shield(asking)
      return asking.result()

    beat._execute = deaf  # type: ignore[method-assign]
    for _ in range(2):
      firing = asyncio.ensure_future(beat["n"].fire(60))
      while not client.hlen("reactivebeat:tasks:meta:manual"):
        await asyncio.sleep(0.01)
      firing.cancel()
      with pytest.raises(asyncio.CancelledError):
        await firing
      assert client.hlen("reactivebeat:tasks:meta:manual") == 0
    with pytest.raises(asyncio.TimeoutError):
      await asyncio.wait_for(beat["n"].fire(60), 0.05)
    assert (await beat.get("n")).task == "t"
  run(work)


def test_waiting_does_not_hold_the_loop(server: Server, run: Any) -> None:
  async def work(beat: AsyncSchedules) -> None:
    saving = await beat.put("n", "t", 60)
    waiting = asyncio.ensure_future(saving.wait(0.6))
    ticks = 0
    while not waiting.done():
      await asyncio.sleep(0.01)
      ticks += 1
    assert ticks > 20
    with pytest.raises(NoDaemon):
      await waiting
  run(work)


@pytest.mark.parametrize("hears", [True, False])
def test_a_late_receipt_is_heard_or_looked_for(server: Server, run: Any, hears: bool) -> None:
  client = server.client(1)
  client.config_set("notify-keyspace-events", "KA" if hears else "")

  async def work(beat: AsyncSchedules) -> None:
    saving = await beat.put("n", "t", 60)
    waiting = asyncio.ensure_future(saving.wait(60))
    await asyncio.sleep(1.2)
    receipt = {"state": "accepted", "next": None, "heard": "2026-11-21T05:00:00Z",
               "sha1": hashlib.sha1(saving.document.data).hexdigest()}
    client.hset("reactivebeat:tasks:meta:receipts", "n", json.dumps(receipt))
    start = time.monotonic()
    assert (await waiting).is_accepted
    assert time.monotonic() - start < (0.2 if hears else 5)
  run(work)


def test_settings_serve_as_an_application(server: Server) -> None:
  assert AsyncSchedules(Settings.of_store(server.url(1), "x:")).settings.key_prefix == "x:"
