"""A guard for workers: an occurrence of a schedule that has been run is not run again.

    from reactivebeat import worker

    app = Celery("proj", broker="redis://localhost:6379/0")
    worker.once(app)

`docs/python.md` says what it promises, and what not.
"""

from __future__ import annotations

import os
import re
import warnings
from typing import TYPE_CHECKING, Any, Final, Mapping, Optional, Union

from .connection import Address, check_library
from .errors import InvalidSetting
from .guard import tracing
from .guard.records import Records
from .settings import check_application, redis_of
from .storekind import own

if TYPE_CHECKING:
  import redis as redis_py
  from celery import Celery

__all__ = ["once", "still_mine"]

#: The version's digit of a UUID of RFC 9562 that is made of a name, as the daemon's are. Celery's own are of version 4.
_NAMED_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

#: The versions of Celery that the guard is tested with. It stands in the middle of how Celery executes tasks.
_CELERY: Final = ((5, 6), (5, 7))


def once(app: Celery, *, redis: Union[str, redis_py.Redis, None] = None, everything: bool = False, keep: float = 86_400,
         lease: float = 30, patience: Optional[float] = 10, prefix: str = "reactivebeat:once:") -> None:
  """Keeps the workers of an application from running an occurrence twice.

  Call it where the application is made, so that each process of a worker comes by it. A second call replaces the first.

  - `redis`: where runs are recorded, a client or a URL (`redis://`, `rediss://`, `redis+socket://`, `sentinel://`).
    None: the broker's own database if the broker is Redis, else `redis_scheduler_url`.
  - `everything`: guards all messages, and not only those that beat-watch has sent.
  - `keep`: seconds for which a run that has ended is remembered, from its end. 1 to 31 days.
  - `lease`: seconds after which a run that is not renewed counts as dead. It is renewed three times in that time. 0.5
    to 3600.
  - `patience`: seconds for which a run waits for a Redis that does not answer. Then it runs unguarded. None: it waits
    as long as it takes.
  - `prefix`: what the keys begin with, which are STRINGs, one for each run. The application's name follows: the setting
    `reactivebeat_application`, or the name of its main module.

  Raises ValueError for a number out of range, InvalidURL, and RuntimeError where Celery is of an unknown kind.
  """
  for name, value, least, most in (("keep", keep, 1, 31 * 86_400), ("lease", lease, 0.5, 3600),
                                   ("patience", patience or 0, 0, 86_400)):
    if not least <= value <= most:
      raise ValueError(f"{name}: {value} is not between {least} and {most} seconds")
  check_application(app)
  check_library()
  _check_celery()
  address = Address.parse(redis) if isinstance(redis, str) else None
  given = None if isinstance(redis, str) else redis

  def records() -> Records:
    from redis.backoff import NoBackoff
    from redis.retry import Retry
    client = given
    if client is None:
      client = (address or _address(app)).client()
      # The guard has its own patience. redis-py's would double it, and holds the renewals up.
      client.set_retry(Retry(NoBackoff(), 1))
    return Records(client, prefix, _name(app), lease, keep)

  tracing.install(app, tracing.Guard(records, _any if everything else _is_occurrence, lease, patience))


def _check_celery() -> None:
  import celery
  found = tuple(int(part) for part in re.findall(r"\d+", celery.__version__)[:2])
  if found not in _CELERY:
    known = " and ".join(f"{major}.{minor}" for major, minor in _CELERY)
    warnings.warn(f"reactivebeat.worker.once is tested with Celery {known}, and this is {celery.__version__}: try whether "
                  "a task that is sent twice with the same id runs once", stacklevel=3)


def still_mine() -> bool:
  """Whether the run of the calling task is still the one that is recorded, for a task to ask before a step that cannot
  be undone.

  False: the process was paused for longer than the lease, and another worker has begun the run too. True is true at the
  moment of the answer, from which the lease counts anew; and where nothing is guarded. Raises redis.RedisError.
  """
  return tracing.still_mine()


def _any(request: Mapping[str, Any]) -> bool:
  return True


def _is_occurrence(request: Mapping[str, Any]) -> bool:
  """Whether beat-watch has sent the message, or it comes of one that it has sent.

  Celery's beat sets the same header, with ids that it draws by chance. `Task.retry` keeps headers; `Task.replace` does
  not, but counts.
  """
  task_id = request.get("id")
  if not isinstance(task_id, str) or not _NAMED_UUID.fullmatch(task_id):
    return False
  return request.get("celery_beat_task") is True or bool(request.get("replaced_task_nesting"))


def _name(app: Celery) -> str:
  """The application's name, by the rule of its manifest. A worker does not know what it was called by."""
  main = app.main if app.main != "__main__" else None
  return str(app.conf.get("reactivebeat_application") or main or "celery")


def _address(app: Celery) -> Address:
  """The Redis that the application has anyway. Raises InvalidSetting, InvalidURL."""
  broker = redis_of(app)
  if broker is not None:
    return broker
  url = own(app.conf, "redis_scheduler_url")
  if url is None:
    raise InvalidSetting("redis_scheduler_url", "the broker is not Redis, so worker.once needs a Redis to record runs "
                                                "in: set this, or give once(app, redis=...)")
  return Address.parse(url, os.environ.get("BEAT_WATCH_MASTER_NAME"))
