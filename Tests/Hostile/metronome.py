"""Ticks in a process of its own that does nothing else. Where it stood still, the machine did, and no process on it
could be on time."""

import subprocess
import sys

# Ticks ten times a second, and prints gaps of more than half a second.
_TICKS = """
import time
before = time.time_ns()
while True:
  time.sleep(0.1)
  now = time.time_ns()
  if now - before > 500_000_000:
    print(before // 1000, now // 1000, flush=True)
  before = now
"""


class Metronome:
  """A process that stands still where the machine does."""

  def __init__(self):
    self._gaps = None
    self._process = subprocess.Popen([sys.executable, "-c", _TICKS], stdout=subprocess.PIPE, text=True)

  def end(self):
    """Ends it. Returns the gaps, each as (from, to) in microseconds of the wall clock."""
    if self._gaps is None:
      self._process.terminate()
      output, _ = self._process.communicate(timeout=10)
      self._gaps = [tuple(int(word) for word in line.split()) for line in output.splitlines()]
    return self._gaps
