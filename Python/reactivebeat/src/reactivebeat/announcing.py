"""What an application says of its tasks, published for a store in MongoDB. beat-watch does it: this package has no
client of MongoDB."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from typing import Any, Final, Optional, Tuple

from . import binary
from .settings import Settings

#: Seconds for loading the application, two times, and for the answers of MongoDB.
_PATIENCE: Final = 60.0
#: Exit statuses of beat-watch: another application's is there; the server is away, or not ready.
OTHER_APPLICATION, AWAY, NOT_READY = 73, 69, 75


@dataclasses.dataclass(frozen=True)
class Announcement:
  """What beat-watch has said, one line each, and its exit status."""

  status: int
  lines: Tuple[str, ...]

  @property
  def is_passing(self) -> bool:
    """Whether it failed for a reason that goes by itself."""
    return self.status in (AWAY, NOT_READY)


def announce(settings: Settings, name: str, *, replace: bool = False, dry_run: bool = False) -> Announcement:
  """Lets beat-watch ask the application, and store the answer beside the schedules.

  - name: the application, as for `celery -A`. It is loaded by another process of this Python.
  - replace: whether another application's manifest may be replaced.
  - dry_run: only looks.

  Raises ProgramMissing, InvalidSetting, and OSError.
  """
  program = os.environ.get("BEAT_WATCH_PROGRAM") or binary.program()
  # An import of no schedules, beside which the application is named.
  words = [program, "import", "-", "--format", "documents", f"--celery-app={name}"]
  words += [f"--python={sys.executable or 'python3'}", *["--replace"] * replace, *["--dry-run"] * dry_run]
  try:
    done = subprocess.run(
      words, input=b"[]", env=dict(binary.environment(), **settings.environment()), stdout=subprocess.DEVNULL,
      stderr=subprocess.PIPE, timeout=_PATIENCE, check=False)
  except subprocess.TimeoutExpired:
    return Announcement(AWAY, (f"beat-watch import has not ended within {_PATIENCE:g} s",))
  # What the application itself prints is no word of beat-watch's.
  said = re.findall(r"^beat-watch: (.*)$", done.stderr.decode(errors="replace"), re.MULTILINE)
  return Announcement(done.returncode, tuple(said))


def unpublished(app: Any, name: Optional[str]) -> Optional[str]:
  """What is to be said of the schedules in the application's code; None: it has none."""
  count = len(app.conf.beat_schedule or ())
  if not count:
    return None
  command = f"python -m reactivebeat -A {name or 'APP'} import --celery-app {name or 'APP'}"
  return (f"beat_schedule, with {count} schedule{'s' * (count != 1)}, is not kept in step, for the store is in "
          f"MongoDB: `{command}` makes documents of those that are not there yet")
