"""python -m reactivebeat: the same as beat-watch, found where this package was installed."""

from __future__ import annotations

import os
import sys
from typing import Callable, NoReturn

from reactivebeat import binary


def _publish(arguments: list[str]) -> int:
  # It is loaded here only: beat-watch's own commands need no client of Redis.
  from reactivebeat import publish

  return publish.main(arguments)


COMMANDS: dict[str, Callable[[list[str]], int]] = {"publish": _publish}
"""The commands that need the application, by name. Each takes the arguments after its name, and returns the status.

All others are beat-watch's.
"""


def main(arguments: list[str]) -> int:
  """Runs a command of this package, or becomes beat-watch. Returns the exit status."""
  command = COMMANDS.get(arguments[0]) if arguments else None
  if command is not None:
    return command(arguments[1:])
  try:
    become(arguments)
  except binary.ProgramMissing as error:
    print(f"reactivebeat: {error}", file=sys.stderr)
    return 127


def become(arguments: list[str]) -> NoReturn:
  """Replaces this process by beat-watch. Raises ProgramMissing."""
  program = binary.program()
  os.execve(program, [binary.NAME, *arguments], binary.environment())


if __name__ == "__main__":
  sys.exit(main(sys.argv[1:]))
