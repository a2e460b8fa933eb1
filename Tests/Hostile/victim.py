"""The schedule of one second that must not be affected, and the reader of its messages: a process of its own, so that
the suite's work does not delay it."""

import hashlib
import json
import pathlib
import re
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Chaos"))

from resp import Client, Refused  # noqa: E402

KEY = b"tasks:meta:victim"
QUEUE = "victim"
HISTORY = "reactivebeat:tasks:meta:history"
# The namespace is that of `TaskID`.
_NAMESPACE = bytes.fromhex("5d0e2b1c7a434f6b9c5826e1b790d314")
_ID = re.compile(rb'"id": ?"([0-9a-f-]{36})"')


def document(more=""):
  return ('{"name": "victim", "task": "tasks.victim", "enabled": true, "queue": "%s", '
          '"interval": {"every": 1, "period": "seconds"}%s}' % (QUEUE, more))


def task_id(key, due):
  """The task id: a UUIDv5 of the key and the due time in microseconds."""
  digest = hashlib.sha1(_NAMESPACE + key + b"\0" + b"%d" % due).digest()
  return str(uuid.UUID(bytes=digest[:16], version=5))


def due_of_last_run(document):
  """The document's `last_run_at` in microseconds since 1970; None: it has not run."""
  found = json.loads(document).get("last_run_at")
  if not found:
    return None
  if isinstance(found, dict):
    moment = time.strptime(
      " ".join(str(found[k]) for k in ("year", "month", "day", "hour", "minute", "second")), "%Y %m %d %H %M %S")
    import calendar
    return calendar.timegm(moment) * 1_000_000 + found.get("microsecond", 0)
  raise ValueError(f"last_run_at: {found!r}")


def lateness_by_server(history, task):
  """The microseconds of lateness at the push, by Redis' clock; None: the history does not hold that fire (any more)."""
  try:
    for _, fields in history("XREVRANGE", HISTORY, "+", "-", "COUNT", 100):
      if fields[::2][:2] == [b"at", b"why"]:
        # Runs that were sent together: the watermark and the name of each.
        for due, identifier, *_ in (watermark.split(b"|") for watermark in fields[4::2]):
          if identifier == task.encode():
            return int(fields[1]) - int(due)
        continue
      fields = dict(zip(fields[::2], fields[1::2]))
      if fields.get(b"id") == task.encode():
        return int(fields[b"late"])
  except (Refused, ValueError, TypeError):
    pass
  return None


def main():
  """Prints a line for each message: arrival in microseconds, task id, lateness by the server or -1."""
  store, broker = sys.argv[1:3], sys.argv[3:5]
  messages, history = Client(broker[0], int(broker[1]), None), Client(store[0], int(store[1]), 60)
  while True:
    _, message = messages("BLPOP", QUEUE, 0)
    arrival = time.time_ns() // 1000
    found = _ID.search(message)
    task = found.group(1).decode() if found else "none"
    late = lateness_by_server(history, task)
    print(arrival, task, -1 if late is None else late, flush=True)


if __name__ == "__main__":
  try:
    main()
  except (OSError, EOFError):
    sys.exit(1)
