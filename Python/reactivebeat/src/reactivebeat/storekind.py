"""In which kind of store an application's schedules are."""

from __future__ import annotations

import enum
import os
from typing import Any, Final, Optional

from .errors import InvalidSetting
from .mongo import URL_VARIABLE

REDIS_VARIABLE: Final = "CELERY_REDIS_SCHEDULER_URL"
#: The settings of celerybeat-mongo that say where the schedules are.
_MONGODB: Final = ("mongodb_scheduler_url", "mongodb_scheduler_db", "mongodb_scheduler_collection")


class StoreKind(enum.Enum):
  REDIS = "redis"
  MONGODB = "mongodb"


#: The schedulers that are for one kind alone, as `beat_scheduler` names them.
_SCHEDULERS: Final = {
  "reactivebeat.schedulers.RedisScheduler": StoreKind.REDIS, "reactivebeat.schedulers:RedisScheduler": StoreKind.REDIS,
  "reactivebeat.schedulers.MongoScheduler": StoreKind.MONGODB,
  "reactivebeat.schedulers:MongoScheduler": StoreKind.MONGODB}


def store_kind(conf: Any) -> StoreKind:
  """The kind that an application's configuration means.

  The first of these that says one: the setting `beat_scheduler`; the environment; the application's settings. Without
  any it is Redis, on the broker's server. Two kinds in the same place are refused: if the wrong one was taken, the
  schedules would seem to be gone. Raises InvalidSetting.
  """
  named = _SCHEDULERS.get(str(conf.get("beat_scheduler")))
  if named is not None:
    return named
  in_environment = _kind(bool(os.environ.get(REDIS_VARIABLE)), bool(os.environ.get(URL_VARIABLE)), "the environment")
  if in_environment is not None:
    return in_environment
  # A database or a collection in the environment alone says nothing to beat-watch either.
  mongodb = any(_setting(conf, name) for name in _MONGODB)
  return _kind(bool(_setting(conf, "redis_scheduler_url")), mongodb, "the application") or StoreKind.REDIS


def own(conf: Any, name: str) -> Optional[str]:
  """A setting of the scheduler: the environment's variable, or the application's setting in any spelling."""
  value = os.environ.get("CELERY_" + name.upper()) or _setting(conf, name)
  if value is not None and not isinstance(value, str):
    raise InvalidSetting(name, f"expected a text, found a {type(value).__name__}")
  return value or None


def _setting(conf: Any, name: str) -> Any:
  return conf.get(name) or conf.get("CELERY_" + name.upper()) or conf.get(name.upper())


def _kind(redis: bool, mongodb: bool, where: str) -> Optional[StoreKind]:
  if redis and mongodb:
    raise InvalidSetting(
      "redis_scheduler_url", f"{where} names a store in MongoDB too (mongodb_scheduler_url, _db or _collection), and "
      "schedules are in one: take one of them out, or set beat_scheduler to reactivebeat.schedulers.RedisScheduler or "
      "reactivebeat.schedulers.MongoScheduler")
  return StoreKind.REDIS if redis else StoreKind.MONGODB if mongodb else None
