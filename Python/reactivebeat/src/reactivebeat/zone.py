"""The zone of an application, by whose clock crontabs go that name none."""

from __future__ import annotations

import datetime
import os
from typing import TYPE_CHECKING, Optional

from .errors import InvalidSetting

if TYPE_CHECKING:
  from celery import Celery


def zone(app: Celery) -> str:
  """The name of `app.timezone`, which Celery makes of `timezone` and `enable_utc`. Raises InvalidSetting."""
  try:
    found = app.timezone
  except Exception:  # Of pytz or zoneinfo.
    found = None
  if not isinstance(found, datetime.tzinfo):
    raise InvalidSetting(
      "timezone", f"{app.conf.timezone!r} is no time zone of this system: expected one such as Europe/Berlin")
  name = getattr(found, "key", None) or getattr(found, "zone", None)
  if name is None and not app.conf.timezone and not app.conf.enable_utc:
    name = _local_zone()
  elif name is None and found.utcoffset(None) is not None and not found.utcoffset(None):
    name = "UTC"
  if not name:
    raise InvalidSetting("timezone", "the application's zone has no name: set timezone to one such as Europe/Berlin")
  return str(name)


def _local_zone() -> Optional[str]:
  """The name of the host's zone, which Celery goes by with `enable_utc = False` and no `timezone`."""
  named = os.environ.get("TZ", "").lstrip(":")
  if named and not named.startswith("/"):
    return named
  path = os.path.realpath(named or "/etc/localtime")
  _, found, name = path.partition("/zoneinfo/")
  return name if found and name else None
