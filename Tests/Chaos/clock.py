"""Clocks that can be set, one for each process: see clock.c. Without root, and without a word to the machine's own."""

import ctypes
import mmap
import pathlib
import shutil
import subprocess
import time

SOURCE = pathlib.Path(__file__).with_name("clock.c")


def build(folder):
  """The library to preload."""
  compiler = next((path for path in map(shutil.which, ("cc", "clang", "gcc")) if path), None)
  if not compiler:
    raise SystemExit("chaos: no C compiler (cc, clang, gcc); --variant clock needs one")
  library = pathlib.Path(folder) / "clock.so"
  subprocess.run([compiler, "-std=c11", "-O1", "-fPIC", "-shared", "-o", library, SOURCE, "-ldl", "-lpthread"], check=True)
  return library


class _Shift(ctypes.Structure):
  """As in clock.c. Nanoseconds; the rate in parts of a million."""
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
    """Somebody sets the wall clock."""
    self._move(realtime=seconds)

  def sleep(self, seconds):
    """The machine was asleep."""
    self._move(realtime=seconds, boottime=seconds)

  def slew(self, rate):
    """All clocks go faster by so many parts of a million, or slower, and nobody is told. 0: as they should, with what
    they have gained."""
    self._move(rate=rate)

  def put_right(self, seconds=0):
    """As the machine's own, but for the seconds for which all were asleep."""
    shift = self.shift
    if shift.rate:
      self.slew(0)
    # What a slew has gained stays in the clock that must never go back.
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
    # A write through the map wakes nobody; one to the byte behind it does.
    self.file.seek(ctypes.sizeof(_Shift))
    self.file.write(b"!")
