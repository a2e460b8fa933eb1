"""The schedules of this project, as the page uses them."""

from __future__ import annotations

import functools

import redis
from reactivebeat import ReactiveBeatError, Schedules
from shop.celery import app

#: What a view tells instead of failing: an error of the package, or a Redis that does not answer.
PROBLEMS = (ReactiveBeatError, redis.RedisError)


@functools.lru_cache(maxsize=None)
def beat() -> Schedules:
  """One for all threads of a process. It is made by the first request, and so after a server has forked."""
  return Schedules(app)


def task_names() -> list[str]:
  """The tasks that the workers have."""
  app.loader.import_default_modules()
  return sorted(name for name in app.tasks if not name.startswith("celery."))


def changes_are_reset() -> bool:
  """Whether the next `publish` sets back what people have changed in schedules of the code."""
  return bool(app.conf.get("reactivebeat_conflicts") == "reset")
