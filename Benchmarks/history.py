"""When each message came onto a queue, from the lengths that Sources/watch has seen, and which messages they are.

No consumer takes messages while they are counted. A consumer would need a third of two cores, and its own delay would
be in every figure. Asking for the length costs about 2 % of one core, the same for every program that is measured.
"""

import bisect
import hashlib
import uuid

from scene import PREFIX, PROGRAMS, QUEUE
from stage import Failed

NAMESPACE = uuid.UUID("5d0e2b1c-7a43-4f6b-9c58-26e1b790d314").bytes  # TaskID.swift


class History:
  def __init__(self, stage, queue=QUEUE, database=0):
    self.stage = stage
    self.path = f"{stage.folder}/history"
    self.program = stage.start("watch", PROGRAMS / "watch", stage.socket, database, queue, self.path)
    stage.wait("the watch is ready", lambda: "ready" in self.program.lines, 10)

  def end(self):
    """[(microseconds since 1970, length)], one for each length that was seen. It works only for queues that grow."""
    self.stage.forget(self.program, "watch")
    with open(self.path) as file:
      seen = [tuple(map(int, line.split())) for line in file]
    if any(later[1] < earlier[1] for earlier, later in zip(seen, seen[1:])):
      raise Failed("somebody has taken messages from the queue while they were counted")
    return seen


def runs(fields):
  """(name, task id, microseconds of lateness) of each run in an entry of the daemon's history."""
  if list(fields)[:2] != [b"at", b"why"]:
    return [(fields[b"name"], fields[b"id"], int(fields[b"late"]))]
  found = []
  for watermark, name in list(fields.items())[2:]:
    due, identifier, *_ = watermark.split(b"|")
    found.append((name, identifier, int(fields[b"at"]) - int(due)))
  return found


def arrivals(seen, count):
  """The microseconds since 1970 at which each of the first `count` messages was there."""
  lengths = [length for _, length in seen]
  result = []
  for number in range(1, count + 1):
    place = bisect.bisect_left(lengths, number, lo=0)
    if place == len(lengths):
      raise Failed(f"the watch has seen {lengths[-1] if lengths else 0} messages, and {count} are there")
    result.append(seen[place][0])
  return result


def rate(seen, count):
  """(messages per second from the first to the last, microseconds since 1970 of the last)"""
  first = next((step for step in seen if step[1] > 0), None)
  last = next((step for step in seen if step[1] >= count), None)
  if not first or not last:
    raise Failed(f"the watch has not seen {count} messages")
  # Messages that were there at the first look are not counted: it is not known how long they took.
  return (last[1] - first[1]) / max(1e-6, (last[0] - first[0]) / 1e6), last[0]


def messages(client, queue):
  """(task id, task's name) of each message, the first one pushed first."""
  end = client.llen(queue)
  while end > 0:
    start = max(0, end - 5000)
    for message in reversed(client.lrange(queue, start, end - 1)):
      yield field(message, b'"id": "'), field(message, b'"task": "')
    end = start


def field(message, name):
  start = message.index(name) + len(name)
  return message[start:message.index(b'"', start)].decode()


def task_id(name, due):
  """The task id that TaskID.swift makes of a schedule's name and a due time in microseconds since 1970."""
  digest = bytearray(hashlib.sha1(NAMESPACE + f"{PREFIX}{name}".encode() + b"\0" + str(due).encode()).digest()[:16])
  digest[6] = digest[6] & 0x0F | 0x50
  digest[8] = digest[8] & 0x3F | 0x80
  text = digest.hex()
  return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
