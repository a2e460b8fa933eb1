"""What is given in the place of something else, and libraries that are too old: the text says what is meant."""

import warnings
from typing import Any

import celery
import pytest
import redis
from celery import Celery

import reactivebeat
from reactivebeat import AsyncSchedules, InvalidSetting, ReactiveBeatError, Schedules, worker
from reactivebeat.connection import Address


@pytest.mark.parametrize("kind", [Schedules, AsyncSchedules])
def test_an_address_in_an_applications_place_and_back(kind: Any) -> None:
  with pytest.raises(TypeError, match=r"found a str; for an address there is Schedules.from_url\(address\)"):
    kind("redis://localhost")
  with pytest.raises(TypeError, match="expected a Celery application, found a NoneType"):
    kind(None)
  with pytest.raises(TypeError, match=r"found a Celery; for an application, Schedules\(app\)"):
    kind.from_url(Celery("proj", set_as_current=False))
  with pytest.raises(TypeError, match="expected a Celery application, found a str"):
    worker.once("redis://localhost")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [Schedules, AsyncSchedules])
def test_a_prefix(kind: Any) -> None:
  with pytest.warns(UserWarning, match="the key of a schedule report is tasks:metareport: is tasks:meta: meant") as told:
    kind.from_url("redis://localhost", prefix="tasks:meta")
  assert told[0].filename == __file__
  with pytest.raises(InvalidSetting, match="expected a text such as tasks:meta:, found ''"):
    kind.from_url("redis://localhost", prefix="")
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    for prefix in ("tasks:meta:", "shop-", "{tag}tasks:"):
      kind.from_url("redis://localhost", prefix=prefix)


def test_a_redis_py_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.setattr(redis, "__version__", "3.5.3")
  for make in (Address.parse("redis://h").client, Address.parse("redis://h").async_client,
               lambda: reactivebeat.AsyncSchedules,
               lambda: worker.once(Celery("proj", broker="redis://h", set_as_current=False))):
    with pytest.raises(ReactiveBeatError, match=r"3.5.3, is too old: pip install 'redis>=4.5'"):
      make()  # type: ignore[operator]


@pytest.mark.parametrize("version, told", [("5.3.6", 1), ("5.6.2", 0), ("5.7.0rc1", 0), ("6.0", 1)])
def test_a_celery_that_the_guard_is_not_tested_with(version: str, told: int, monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.setattr(celery, "__version__", version)
  with warnings.catch_warnings(record=True) as found:
    warnings.simplefilter("always")
    worker.once(Celery("proj", broker="redis://h", set_as_current=False))
  assert [str(each.message).startswith("reactivebeat.worker.once is tested with Celery 5.6 and 5.7") for each in found] == (
    [True] * told)
  assert all(each.filename == __file__ for each in found)
