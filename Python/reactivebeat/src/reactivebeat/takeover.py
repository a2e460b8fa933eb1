"""A process of Celery becomes the daemon, or starts it as a child.

All that the daemon must know goes by its environment: other users can see a command line.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import Dict, Final, List, NoReturn, Optional

from . import binary
from .invocation import Invocation, parent_process
from .settings import Settings

#: What `ps` shows.
_TITLE: Final = "celery beat: beat-watch"
#: Seconds for which a child may end in order. The daemon itself takes 10 at most.
_PATIENCE: Final = 15.0


def environment(settings: Settings, invocation: Invocation) -> Dict[str, str]:
  """The daemon's environment. It holds passwords. Raises InvalidSetting."""
  values = dict(binary.environment(), **settings.environment())
  if invocation.log_level is not None:
    values["BEAT_WATCH_LOG_LEVEL"] = invocation.log_level
  values.pop("BEAT_WATCH_PARENT", None)  # Whose child this process is, is found out here.
  return values


def _part_of(parent: int, values: Dict[str, str]) -> Dict[str, str]:
  """The environment of a daemon that is a part of another process. Only that one speaks with the service manager."""
  manager = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
  return {**{name: value for name, value in values.items() if name not in manager}, "BEAT_WATCH_PARENT": str(parent)}


def become(program: str, settings: Settings, invocation: Invocation) -> NoReturn:
  """Replaces this process by the daemon. Only the main thread may: all others end with it.

  Raises OSError if the program cannot be started. Then nothing has changed but where the log goes.
  """
  values = environment(settings, invocation)
  if invocation.pidfile is not None:
    # The file holds this process' pid, which stays. The daemon removes it at its end.
    values["BEAT_WATCH_PIDFILE"] = invocation.pidfile
  parent = parent_process()
  if parent is not None:
    values = _part_of(parent, values)
  _flush()
  if invocation.logfile is not None:
    _log_to(invocation.logfile)
  # Python ignores these, and a program would inherit that.
  for number in (signal.SIGPIPE, signal.SIGXFSZ):
    signal.signal(number, signal.SIG_DFL)
  _close_others()
  os.execve(program, [_TITLE, "run"], values)


class Child:
  """The daemon beside this process: where beat is a thread, the process cannot become another program."""

  def __init__(self, program: str, settings: Settings, invocation: Invocation) -> None:
    """Raises OSError."""
    # The daemon gets SIGTERM when the thread that has started it ends, however it ends.
    values = _part_of(os.getpid(), environment(settings, invocation))
    with contextlib.ExitStack() as files:
      log = None if invocation.logfile is None else files.enter_context(open(invocation.logfile, "ab"))
      # Not in this process' group: what a terminal sends to all of it, this process hands on in its own order.
      self._process = subprocess.Popen(
        [_TITLE, "run"], executable=program, env=values, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True)

  @property
  def status(self) -> Optional[int]:
    """The exit status, as a shell says it; None while it runs."""
    return _shell_status(self._process.poll())

  def stop(self) -> int:
    """Ends the daemon in order, and returns its exit status. May be called again."""
    if self._process.poll() is None:
      self._process.terminate()
    try:
      self._process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
      self._process.kill()
      self._process.wait()
    status = _shell_status(self._process.returncode)
    return 0 if status is None else status


def _shell_status(code: Optional[int]) -> Optional[int]:
  return code if code is None or code >= 0 else 128 - code


def _flush() -> None:
  # Celery puts its logger in the place of sys.stdout. What was printed before lies in the real one.
  for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
    with contextlib.suppress(Exception):
      if stream is not None:
        stream.flush()


def _log_to(path: str) -> None:
  """Standard output and error go to the end of the file, whoever else writes to it."""
  file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
  os.dup2(file, 1)
  os.dup2(file, 2)


def _close_others() -> None:
  """No connection and no file of Celery stays open in the daemon. They are closed by exec, not before."""
  for file in _open_files():
    if file > 2:
      with contextlib.suppress(OSError):
        os.set_inheritable(file, False)


def _open_files() -> List[int]:
  try:
    return [int(name) for name in os.listdir("/proc/self/fd")]
  except OSError:
    return list(range(3, 1024))
