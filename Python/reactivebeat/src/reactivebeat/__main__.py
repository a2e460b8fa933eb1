"""python -m reactivebeat: the same as beat-watch, found where this package was installed.

With an application in front of the command, as in `python -m reactivebeat -A proj list`, the command has that
application's configuration: it looks where the daemon of `celery -A proj beat -S reactivebeat` looks.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any, Callable, Dict, List, NoReturn, Optional, Tuple

from reactivebeat import binary
from reactivebeat.errors import InvalidSetting, InvalidURL, UnsupportedBroker
from reactivebeat.loading import CannotLoad, loaded

# The exit statuses of beat-watch, from sysexits.h, and a shell's for a program that is not there.
_USAGE, _DATA, _CONFIGURATION, _MISSING = 64, 65, 78, 127


def _publish(arguments: List[str]) -> int:
  # It is loaded here only: beat-watch's own commands need no client of Redis.
  from reactivebeat import publish

  return publish.main(arguments)


COMMANDS: Dict[str, Callable[[List[str]], int]] = {"publish": _publish}
"""The commands that need the application, by name. Each takes the arguments after its name, and returns the status.

All others are beat-watch's.
"""


def main(arguments: List[str]) -> int:
  """Runs a command of this package, or becomes beat-watch. Returns the exit status."""
  app, rest = application(arguments)
  if app == "":
    return _fail(_USAGE, "-A needs the application, as for celery -A")
  command = COMMANDS.get(rest[0]) if rest else None
  if command is not None:
    return command(rest[1:] if app is None else ["--app", app, *rest[1:]])
  try:
    become(with_python(rest), environment(app) if app is not None else {})
  except binary.ProgramMissing as error:
    return _fail(_MISSING, str(error))
  except (InvalidSetting, InvalidURL, UnsupportedBroker) as error:
    return _fail(_CONFIGURATION, str(error))
  except CannotLoad as error:
    return _fail(_DATA, str(error))


def with_python(arguments: List[str]) -> List[str]:
  """The arguments, with this Python as the one in which `import --celery-app` loads the application."""
  options = [word.partition("=")[0] for word in arguments]
  if arguments[:1] != ["import"] or "--celery-app" not in options or "--python" in options:
    return arguments
  return ["import", f"--python={sys.executable or 'python3'}", *arguments[1:]]


def application(arguments: List[str]) -> Tuple[Optional[str], List[str]]:
  """The application that is named in front of the command, and the arguments after it. None: none is named."""
  first = arguments[0] if arguments else ""
  if first in ("-A", "--app"):
    return arguments[1] if len(arguments) > 1 else "", arguments[2:]
  for prefix in ("--app=", "-A"):
    if first.startswith(prefix):
      return first[len(prefix):], arguments[1:]
  return None, arguments


def environment(app: str) -> Dict[str, str]:
  """The variables by which beat-watch knows an application's configuration. They hold passwords.

  Raises CannotLoad, InvalidSetting, InvalidURL and UnsupportedBroker.
  """
  from reactivebeat.settings import Settings

  def find(name: str) -> Any:
    # Its modules of tasks are not loaded: a command on schedules need not fail where one of them does.
    from celery.app.utils import find_app
    found = find_app(name)
    found.conf.broker_url  # noqa: B018. The configuration is read now.
    return found

  return Settings.of(loaded(app, find)).environment()


def become(arguments: List[str], variables: Dict[str, str]) -> NoReturn:
  """Replaces this process by beat-watch. Raises ProgramMissing.

  - variables: what its environment has beside this process' own.
  """
  program = binary.program()
  # Python ignores it, and a program would inherit that.
  signal.signal(signal.SIGPIPE, signal.SIG_DFL)
  os.execve(program, [binary.NAME, *arguments], dict(binary.environment(), **variables))


def _fail(status: int, text: str) -> int:
  print(f"reactivebeat: {' '.join(text.split())}", file=sys.stderr)
  return status


if __name__ == "__main__":
  sys.exit(main(sys.argv[1:]))
