"""python -m reactivebeat publish -A proj: tells the daemon what the application says of its tasks, at a deployment."""

from __future__ import annotations

import argparse
import sys
from typing import Any, List, NoReturn, Optional

from . import application
from .errors import InvalidSetting, InvalidURL, ReactiveBeatError, UnsupportedBroker
from .manifest import ManifestError, OtherApplication, publish_manifest
from .settings import Settings

# The exit statuses of beat-watch, from sysexits.h.
USAGE, DATA, UNAVAILABLE, EXISTS, DENIED, CONFIGURATION = 64, 65, 69, 73, 77, 78


class _Parser(argparse.ArgumentParser):
  """Ends with one line, and with beat-watch's status for a wrong option."""

  def error(self, message: str) -> NoReturn:
    self.exit(USAGE, f"{self.prog}: {message}; --help tells more\n")


def main(argv: Optional[List[str]] = None) -> int:
  """Publishes the manifest of an application. Returns the exit status.

  - argv: the arguments after `publish`.
  """
  parser = _Parser(
    prog="reactivebeat publish",
    description="Asks a Celery application where and how it sends its tasks, and stores the answer beside the "
    "schedules. The daemon goes by it at once, for what a schedule does not say itself.",
    epilog="Where the schedules are is the application's own configuration: redis_scheduler_url and "
    "redis_scheduler_key_prefix, or the variables CELERY_REDIS_SCHEDULER_URL and CELERY_REDIS_SCHEDULER_KEY_PREFIX.")
  parser.add_argument("-A", "--app", required=True, metavar="APP", help="the application, as for celery -A")
  parser.add_argument("--dry-run", action="store_true", help="tell what would change, and write nothing")
  parser.add_argument("--replace", action="store_true", help="replace the manifest of another application")
  try:
    options = parser.parse_args(argv)
  except SystemExit as end:
    return int(end.code or 0)
  try:
    app = application.load(options.app)
  except (Exception, SystemExit) as error:
    return _fail(DATA, f"--app {options.app}: {type(error).__name__}: {error}; run this where `celery -A {options.app} "
                 "report` works")
  try:
    return publish(app, options.app, replace=options.replace, dry_run=options.dry_run)
  except OtherApplication as error:
    return _fail(EXISTS, f"{error} (--replace)")
  except (InvalidSetting, InvalidURL, UnsupportedBroker) as error:
    return _fail(CONFIGURATION, str(error))
  except (ManifestError, ReactiveBeatError) as error:
    return _fail(DATA, str(error))
  except Exception as error:
    status = _redis_status(error)
    if status is None:
      raise
    return _fail(status, f"{_place(app)}: {error}")


def publish(app: Any, name: str, *, replace: bool, dry_run: bool) -> int:
  """Publishes, and prints what changes. Raises ReactiveBeatError, and redis-py's errors."""
  settings = Settings.of(app)
  client = settings.store.client()
  try:
    done = publish_manifest(app, client, settings.key_prefix, name=name, replace=replace, dry_run=dry_run)
  finally:
    client.close()
  for warning in done.warnings:
    print(f"warning: {warning}", file=sys.stderr)
  for line in done.changes:
    print(line)
  verb = "published" if done.is_written else "would be published"
  print(f"{verb}: {done.manifest['application']}, {len(done.manifest['tasks'])} tasks, "
        f"{len(done.changes) or 'no'} change{'s' * (len(done.changes) != 1)}, in {settings.store}")
  return 0


def _redis_status(error: Exception) -> Optional[int]:
  """The exit status for an error of redis-py; None for any other."""
  from redis import exceptions
  if isinstance(error, (exceptions.AuthenticationError, exceptions.NoPermissionError)):
    return DENIED
  if isinstance(error, (exceptions.ReadOnlyError, exceptions.ResponseError)):
    return CONFIGURATION if isinstance(error, exceptions.ReadOnlyError) else UNAVAILABLE
  return UNAVAILABLE if isinstance(error, exceptions.RedisError) else None


def _place(app: Any) -> str:
  """Where the schedules are, without the password."""
  try:
    return str(Settings.of(app).store)
  except ReactiveBeatError:
    return "the store"


def _fail(status: int, text: str) -> int:
  print(f"reactivebeat: {' '.join(text.split())}", file=sys.stderr)
  return status


if __name__ == "__main__":
  sys.exit(main())
