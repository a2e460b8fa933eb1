"""Clocks that can be set, one for each process; see clock.c. It needs no root, and does not touch the machine's
clock."""

import ctypes
import mmap
import pathlib
import shutil
import subprocess
import time

SOURCE = pathlib.Path(__file__).with_name("clock.c")


def build(folder):
  """Builds the library that is preloaded."""
  compiler = next((path for path in map(shutil.which, ("cc", "clang", "gcc")) if path), None)
  if not compiler:
    raise SystemExit("chaos: no C compiler (cc, clang, gcc); --variant clock needs one")
  library = pathlib.Path(folder) / "clock.so"
  subprocess.run([compiler, "-std=c11", "-O1", "-fPIC", "-shared", "-o", library, SOURCE, "-ldl", "-lpthread"], check=True)
  return library


class _Shift(ctypes.Structure):
  """The struct of clock.c. Times are in nanoseconds, the rate is in parts per million."""
  _fields_ = [("version", ctypes.c_uint64)] + [
    (name, ctypes.c_int64) for name in ("realtime", "monotonic", "boottime", "rate", "since")]


class Clock:
  """How far one process' clocks are off."""

  def __init__(self, library, path):
    self.path = pathlib.Path(path)
    self.path.write_bytes(bytes(ctypes.sizeof(_Shift) + 1))
    self.file = open(self.path, "r+b", buffering=0)
    self.map = mmap.mmap(self.file.fileno(), ctypes.sizeof(_Shift))
    self.shift = _Shift.from_buffer(self.map)
    self.environment = {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(self.path)}

  def step(self, seconds):
    """Sets the wall clock."""
    self._move(realtime=seconds)

  def sleep(self, seconds):
    """Lets the machine sleep."""
    self._move(realtime=seconds, boottime=seconds)

  def slew(self, rate):
    """Lets all clocks go faster by so many parts per million, or slower, without telling any process. 0: the clocks go
    right again, with what they have gained."""
    self._move(rate=rate)

  def put_right(self, seconds=0):
    """Sets the clocks to the machine's, ahead by the seconds for which all machines were asleep."""
    shift = self.shift
    if shift.rate:
      self.slew(0)
    # The monotonic clock must never go back, so that it keeps what a slew has gained.
    if shift.realtime != round(seconds * 1e9) + shift.monotonic:
      self._move(realtime=seconds - (shift.realtime - shift.monotonic) / 1e9)
    return shift.monotonic / 1e9

  def _move(self, rate=0, **seconds):
    shift = self.shift
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    gained = (now - shift.since) // 1000 * shift.rate // 1000
    shift.version += 1
    for name in ("realtime", "monotonic", "boottime"):
      setattr(shift, name, getattr(shift, name) + gained + round(seconds.get(name, 0) * 1e9))
    shift.rate, shift.since = rate, now
    shift.version += 1
    # A write through the mapping wakes no reader. A write to the byte behind it does.
    self.file.seek(ctypes.sizeof(_Shift))
    self.file.write(b"!")
