"""Dates in the two forms in which the suite's documents hold them, and task ids."""

import datetime
import pathlib
import re
import time
import uuid

from servers import PREFIX

slept = 0  # microseconds by which all simulated clocks are ahead of this machine's; see wrongclocks.py

_EPOCH = datetime.datetime(1970, 1, 1)


def clock_now():
  """The simulated present in microseconds since 1970."""
  return time.time_ns() // 1000 + slept


def microseconds(date):
  """A document's date in microseconds since 1970: ISO 8601 text ending in Z, or celerybeat-redis' object. None stays
  None."""
  if date is None:
    return None
  if isinstance(date, str):
    date = date.removesuffix("Z")
    whole, _, fraction = date.partition(".")
    moment = datetime.datetime.fromisoformat(whole)
    return (moment - _EPOCH) // datetime.timedelta(microseconds=1) + int(fraction.ljust(6, "0") or 0)
  names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
  moment = datetime.datetime(*(date.get(name, 0) for name in names))
  return (moment - _EPOCH) // datetime.timedelta(microseconds=1)


def namespace(sources):
  """The namespace of task ids, read from the daemon's source."""
  text = pathlib.Path(sources, "Sources/BeatCore/Messages/TaskID.swift").read_text()
  found = re.search(r"namespace: \[UInt8\] = \[([^\]]+)\]", text)
  return uuid.UUID(bytes=bytes(int(part, 16) for part in found[1].replace(",", " ").split()))


def task_id(space, entry, due):
  return str(uuid.uuid5(space, f"{PREFIX}{entry}\0{due}"))
