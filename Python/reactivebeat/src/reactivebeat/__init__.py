"""The scheduler beat-watch for Celery, and a Python interface to its schedules.

    from reactivebeat import Schedules

    beat = Schedules(app)
    beat.put("report", "tasks.report", crontab(hour=2, minute=30), queue="reports").wait()
"""

from __future__ import annotations

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from .errors import (
  Conflict, InvalidSchedule, InvalidSetting, InvalidURL, NoDaemon, NotFound, ReactiveBeatError, Rejected,
  UnsupportedBroker, UnsupportedStore)

if TYPE_CHECKING:
  from .aio import AsyncSchedules
  from .documents import Document, Draft
  from .forecast import State
  from .ownership import Owner
  from .receipts import Receipt
  from .schedules import Saving, Schedules

__version__ = metadata.version("reactivebeat")

__all__ = [
  "AsyncSchedules", "Conflict", "Document", "Draft", "InvalidSchedule", "InvalidSetting", "InvalidURL", "NoDaemon",
  "NotFound", "Owner", "ReactiveBeatError", "Receipt", "Rejected", "Saving", "Schedules", "State", "UnsupportedBroker",
  "UnsupportedStore"]

#: They are loaded when they are asked for: `python -m reactivebeat` and celery beat need no client of Redis.
_LATER = {
  "AsyncSchedules": "aio", "Document": "documents", "Draft": "documents", "Owner": "ownership", "Receipt": "receipts",
  "Saving": "schedules", "Schedules": "schedules", "State": "forecast"}


def __getattr__(name: str) -> Any:
  if name in _LATER:
    if "Schedules" in name:
      import_module(".connection", __name__).check_library()
    return getattr(import_module("." + _LATER[name], __name__), name)
  raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
