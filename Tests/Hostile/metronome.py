"""Ticks beside the others, in a process of its own that does nothing else: where it stood still, the machine did, and
nobody on it could be on time."""

import subprocess
import sys

# Ten ticks a second; what is told of are gaps of more than half a second.
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
  """Stands still where the machine does."""

  def __init__(self):
    self._gaps = None
    self._process = subprocess.Popen([sys.executable, "-c", _TICKS], stdout=subprocess.PIPE, text=True)

  def end(self):
    """The gaps, each from and to, in microseconds of the wall clock."""
    if self._gaps is None:
      self._process.terminate()
      output, _ = self._process.communicate(timeout=10)
      self._gaps = [tuple(int(word) for word in line.split()) for line in output.splitlines()]
    return self._gaps
