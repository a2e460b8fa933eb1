"""The cost of a process and of a server: memory, processor time, log, scripts."""

import math
import os
import time

_TICKS = os.sysconf("SC_CLK_TCK")


def percentile(values, share):
  """The value at a share of the sorted values, by nearest rank; None if there are no values."""
  ordered = sorted(values)
  return ordered[max(0, math.ceil(len(ordered) * share) - 1)] if ordered else None


def memory(pid):
  """(resident MiB now, resident MiB at the peak); (0, 0) for a process that has ended."""
  fields = {}
  try:
    with open(f"/proc/{pid}/status") as status:
      for line in status:
        name, _, text = line.partition(":")
        if name in ("VmRSS", "VmHWM"):
          fields[name] = int(text.split()[0]) / 1024
  except OSError:
    pass
  return fields.get("VmRSS", 0), fields.get("VmHWM", 0)


def processor(pid):
  """The seconds of processor time so far; 0 for a process that has ended."""
  try:
    with open(f"/proc/{pid}/stat") as stat:
      fields = stat.read().rpartition(")")[2].split()
  except OSError:
    return 0
  return (int(fields[11]) + int(fields[12])) / _TICKS


def scripts(client):
  """The number of scripts that the server has run."""
  calls = 0
  for line in client("INFO", "commandstats").decode().splitlines():
    if line.startswith(("cmdstat_evalsha:", "cmdstat_eval:")):
      calls += int(line.partition("calls=")[2].partition(",")[0])
  return calls


class Meter:
  """Measures the cost of daemons and their server between two moments. `daemons`: `arena.Watcher`s."""

  def __init__(self, daemons, client):
    self.daemons = daemons
    self.client = client
    self.begin()

  def begin(self):
    self.since = time.monotonic()
    self.processors = [processor(daemon.pid) for daemon in self.daemons]
    self.logs = [daemon.log_bytes for daemon in self.daemons]
    self.scripts = scripts(self.client)

  def read(self):
    """The cost per second since `begin`; of the daemons that of the worst."""
    seconds = time.monotonic() - self.since
    memories = [memory(daemon.pid) for daemon in self.daemons]
    return {
      "cpu": max(processor(d.pid) - before for d, before in zip(self.daemons, self.processors)) / seconds,
      "log": max(d.log_bytes - before for d, before in zip(self.daemons, self.logs)) / seconds,
      "scripts": (scripts(self.client) - self.scripts) / seconds,
      "rss": max(now for now, _ in memories), "peak": max(most for _, most in memories)}
