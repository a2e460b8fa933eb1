"""Loading an application that a command line names."""

from __future__ import annotations

import contextlib
import sys
import traceback
from typing import Any, Callable

from .application import told
from .errors import ReactiveBeatError


class CannotLoad(ReactiveBeatError):
  """The application cannot be loaded. The text says why, and what to do."""


def loaded(name: str, load: Callable[[str], Any]) -> Any:
  """What `load` makes of the name of an application, as for `celery -A`. Raises CannotLoad.

  What the application prints goes to standard error, so that nobody takes it for a command's output.
  """
  try:
    with contextlib.redirect_stdout(sys.stderr):
      return load(name)
  except (Exception, SystemExit) as error:
    raise CannotLoad(f"--app {name}: {told(error)}; {_advice(name, error)}") from None


def _advice(name: str, error: BaseException) -> str:
  if isinstance(error, (ImportError, AttributeError)):
    return f"run this where `celery -A {name} report` works"
  if isinstance(error, SyntaxError):
    return "mend the application"  # Its text names the file and the line.
  place = next(iter(traceback.extract_tb(error.__traceback__)[::-1]), None)
  return f"in {place.filename}, line {place.lineno}" if place is not None else "mend the application"
