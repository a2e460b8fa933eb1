"""How this process was started: by which command of Celery, with which options, and in which of its processes."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import logging
import os
import signal
import threading
from typing import Any, Final, List, Optional

_NO_FILE: Final = "-s/--schedule has no effect: the schedules are in Redis, or in MongoDB"
#: Options of celery beat and of `celery worker -B` that mean nothing here, by Celery's names for them.
_WITHOUT_EFFECT: Final = {
  "schedule": _NO_FILE, "schedule_filename": _NO_FILE,
  "max_interval": "--max-interval has no effect: beat-watch sleeps until a schedule is due, and hears edits"}
#: prctl(2): a signal for this process at its parent's end. Python has no name for it.
_PR_SET_PDEATHSIG: Final = 1


@dataclasses.dataclass(frozen=True)
class Invocation:
  """What the command line says. Without a command line, as when a program starts the service itself, it is empty."""

  #: celery's command: `beat` or `worker`.
  command: Optional[str] = None
  #: An absolute path; None: no file was asked for.
  pidfile: Optional[str] = None
  logfile: Optional[str] = None
  #: The daemon's word for the level that was asked for. Celery's own default, WARNING, is None.
  log_level: Optional[str] = None
  #: What is to be said of options that were given, and have no effect.
  without_effect: List[str] = dataclasses.field(default_factory=list)
  #: `--enable-remote-control` of Celery 5.7; None: not given.
  remote_control: Optional[bool] = None

  @classmethod
  def current(cls) -> Invocation:
    import click
    context = click.get_current_context(silent=True)
    if context is None or context.command.name not in ("beat", "worker"):
      return cls(logfile=_open_logfile())
    name, options = context.command.name, context.params
    given = {option for option in options if getattr(context.get_parameter_source(option), "name", "") in (
      "COMMANDLINE", "ENVIRONMENT")}
    is_beat = name == "beat"
    return cls(
      command=name,
      # A worker's file holds the worker's pid, and its name may have placeholders, which the worker has filled in.
      pidfile=_absolute(options.get("pidfile")) if is_beat else None,
      logfile=_absolute(options.get("logfile")) if is_beat else _open_logfile(),
      log_level=level(options.get("loglevel")) if "loglevel" in given else None,
      without_effect=[text for option, text in _WITHOUT_EFFECT.items() if option in given],
      remote_control=options.get("remote_control"))


def level(value: Any) -> Optional[str]:
  """The daemon's word for one of logging's levels."""
  if not isinstance(value, int):
    return None
  words = ((logging.DEBUG, "debug"), (logging.INFO, "info"), (logging.WARNING, "warning"))
  return next((word for most, word in words if value <= most), "error")


def parent_process() -> Optional[int]:
  """The worker's pid in the process that `celery worker -B` has made for beat; None in any other process."""
  from billiard.process import current_process
  process = current_process()
  pid = getattr(process, "_parent_pid", None)
  return int(pid) if pid is not None and pid != os.getpid() else None


def follow_parent() -> bool:
  """Lets this process end with the worker that has made it for beat, as the daemon does (`BEAT_WATCH_PARENT`).

  False: the worker has ended already. What this process was to do, another one may be doing by newer code.
  """
  parent = parent_process()
  if parent is None:
    return True
  with contextlib.suppress(OSError, AttributeError):  # Without prctl, it is asked for its parent again and again.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
  return os.getppid() == parent


def is_main_thread() -> bool:
  """Whether the process may become another program: in a thread of its own, beat is only a part of the process."""
  return threading.current_thread() is threading.main_thread()


def _absolute(path: Optional[str]) -> Optional[str]:
  return os.path.abspath(path) if path else None


def _open_logfile() -> Optional[str]:
  """The file that Celery logs to."""
  for name in (None, "celery"):
    for handler in logging.getLogger(name).handlers:
      if isinstance(handler, logging.FileHandler):
        return handler.baseFilename
  return None
