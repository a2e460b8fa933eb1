"""Whether losing its connections costs a daemon anything for good: scripts/bench disconnects.

The connections of one daemon are killed again and again: the one that listens, the one for commands, or both. Its open
files and its memory are compared after the first hundred times, which fill its pools, and at the end. Schedules are due
all the time, so that the queue shows at the end whether an occurrence came twice or is missing.
"""

import os
import pathlib
import time

import redis

from stage import Failed
from takeover import PREFIX, SCHEDULES, Takeover

IDLE = 100
FIRST = 100
KINDS = ("pubsub", "normal", "both")
REST = 0.1  # The shortest time of a session, in seconds.
GROWTH = 1 << 20  # Bytes that count as no leak: some pages in ten thousand connections.


class Disconnects(Takeover):
  def __init__(self, name):
    super().__init__(name)
    self.sessions = 0

  def begin(self):
    super().begin()
    for number in range(IDLE):
      self.command("-n", "1", "SET", f"{PREFIX}idle:{number}",
                   f'{{"name": "{number}", "task": "bench.idle", "enabled": true, '
                   f'"interval": {{"every": 300, "period": "days"}}}}')
    self.client = redis.Redis(unix_socket_path=self.socket)

  def take(self, program, line):
    super().take(program, line)
    # Where the events' connection alone was closed, only that one is opened again.
    self.sessions += '"msg":"reconnected"' in line or '"msg":"reloaded"' in line

  def cut(self, kind):
    killed = 0
    for one in ("pubsub", "normal") if kind == "both" else (kind,):
      killed += self.client.execute_command("CLIENT", "KILL", "TYPE", one, "SKIPME", "yes")
    if not killed:
      raise Failed(f"the daemon has no connection of the type {kind}")

  def resources(self, pid):
    """(open files, resident bytes, threads)"""
    status = dict(
      line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return (len(os.listdir(f"/proc/{pid}/fd")), 1024 * int(status["VmRSS"].split()[0]), int(status["Threads"]))


def measure(options, note, about):
  with Disconnects("disconnects") as stage:
    stage.begin()
    daemon = stage.daemon(5)
    stage.wait("the daemon leads", lambda: stage.leads(daemon), 20)
    looks, began, longest = [], time.monotonic(), 0
    for number in range(1, options.count + 1):
      start, sessions = time.monotonic(), stage.sessions
      stage.cut(KINDS[number % 3])
      stage.wait(f"connected again, number {number}", lambda: stage.sessions > sessions, 30)
      absence = time.monotonic() - start
      longest = max(longest, absence)
      # The session must last so long that it counts as healthy, and the next attempt comes at once (Backoff.swift).
      stage.until(lambda: False, max(REST, 2.2 * absence))
      is_last = number == options.count or time.monotonic() - began > options.limit
      if number == FIRST or number % 1000 == 0 or is_last:
        stage.until(lambda: False, 1)
        looks.append((number, *stage.resources(daemon.pid)))
        note(f"{number} of {options.count} after {time.monotonic() - began:.0f} s")
      if is_last:
        break
    clients = len(stage.client.client_list(_type="normal")) + len(stage.client.client_list(_type="pubsub"))
    seconds = time.monotonic() - began
    stage.end(daemon)
    stage.programs.remove(daemon)
    result = about | {
      "count": number, "seconds": round(seconds), "longest_ms": round(longest * 1000), "looks": looks,
      "connections_at_the_end": clients - 1, "queue": stage.faults(), "schedules": SCHEDULES + IDLE,
    }
  first, last = next((look for look in looks if look[0] == FIRST), None), looks[-1]
  if not first or last[0] < 2 * FIRST:
    raise Failed(f"only {last[0]} disconnects within --limit: too few to compare the first hundred with the rest")
  result["problems"] = [text for holds, text in (
    (last[1] > first[1], f"open files grew from {first[1]} to {last[1]}"),
    (last[2] > first[2] + GROWTH, f"memory grew by {(last[2] - first[2]) / 2**20:.1f} MiB"),
    (last[3] > first[3], f"threads grew from {first[3]} to {last[3]}"),
    (clients != 3, f"Redis sees {clients - 1} connections of the daemon, which needs 2"),
    (any(result["queue"][name] for name in ("twice", "missing")), "the queue is not as it must be"),
  ) if holds]
  return result


def show(result):
  print(
    f"Forced disconnects: Redis {result['redis']} on a unix socket, {result['schedules']} schedules, "
    f"{result['count']} times in {result['seconds']} s, the longest absence {result['longest_ms']} ms\n")
  print(f"{'after':>8}{'open files':>12}{'threads':>10}{'resident':>14}")
  for number, files, memory, threads in result["looks"]:
    print(f"{number:>8}{files:>12}{threads:>10}{memory / 2**20:>10.2f} MiB")
  queue = result["queue"]
  print(f"\n{queue['messages']} messages in the queue: {queue['twice']} of them twice, {queue['missing']} missing; "
        f"Redis sees {result['connections_at_the_end']} connections at the end")
  for problem in result["problems"]:
    print(f"PROBLEM: {problem}")
