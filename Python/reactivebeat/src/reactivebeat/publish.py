"""python -m reactivebeat publish -A proj: tells the daemon what the application says of its tasks, and brings the
schedules into step with those in its code. For a deployment; celery beat does the same when it starts."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from typing import Any, List, Mapping, NoReturn, Optional, TextIO, Tuple

import redis
from redis.exceptions import RedisError

from . import announcing, application, binary
from .advice import explain
from .entries import publish_entries
from .errors import InvalidSetting, InvalidURL, ReactiveBeatError, UnsupportedBroker, one_line
from .loading import CannotLoad, loaded
from .manifest import OtherApplication, publish_manifest
from .settings import Settings, check_publishable, conflicts

# The exit statuses of beat-watch, from sysexits.h.
USAGE, DATA, UNAVAILABLE, EXISTS, DENIED, CONFIGURATION, MISSING = 64, 65, 69, 73, 77, 78, 127


@dataclasses.dataclass(frozen=True)
class Publication:
  """What was published."""

  manifest: Mapping[str, Any]
  #: How many schedules the code has.
  count: int
  #: What changes, one line each.
  changes: Tuple[str, ...]
  #: What is not, or not yet, as the code has it, one line each.
  warnings: Tuple[str, ...]
  #: How many entries of the code cannot be schedules.
  refused: int


def publish_application(
    app: Any, settings: Settings, name: Optional[str], *, replace: bool = False, resets: bool = False,
    dry_run: bool = False) -> Publication:
  """Publishes the manifest of an application, and then its schedules.

  - name: the application's, unless it has one itself.
  - replace: whether another application's manifest and schedules may be taken over.
  - resets: whether what people have changed by hand in schedules of the code is set back.
  - dry_run: only tells what would change.

  Raises OtherApplication, InvalidSetting, other ReactiveBeatErrors, and redis-py's errors.
  """
  check_publishable(app)
  settings.environment()  # What the daemon cannot be told, the manifest cannot say.
  client: Optional[redis.Redis] = None
  try:
    client = settings.store.located(settings.keys).client(repeats=False)
    manifest = publish_manifest(
      app, client, settings.key_prefix, name=name, broker=settings.broker, replace=replace, dry_run=dry_run)
    entries = publish_entries(
      app, client, settings.key_prefix, manifest.manifest["application"], resets=resets, takes_over=replace,
      dry_run=dry_run, settings=settings)
  except RedisError as error:
    explain(error, settings.store)
    raise
  finally:
    if client is not None:
      client.close()
  return Publication(
    manifest.manifest, entries.count, manifest.changes + entries.changes, manifest.warnings + entries.warnings,
    entries.refused)


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
    "schedules. The daemon goes by it at once, for what a schedule does not say itself. Then it brings the schedules "
    "into step with the application's beat_schedule: new ones are made, those that have left the code are removed.",
    epilog="Where the schedules are is the application's own configuration: redis_scheduler_url and "
    "redis_scheduler_key_prefix, or the variables CELERY_REDIS_SCHEDULER_URL and CELERY_REDIS_SCHEDULER_KEY_PREFIX. If "
    "they are in MongoDB (mongodb_scheduler_url), only the answer is stored.")
  parser.add_argument("-A", "--app", required=True, metavar="APP", help="the application, as for celery -A")
  parser.add_argument("--dry-run", action="store_true", help="tell what would change, and write nothing")
  parser.add_argument(
    "--replace", action="store_true", help="take over the manifest and the schedules of another application")
  parser.add_argument(
    "--conflicts", choices=("keep", "reset"), help="what people have changed by hand in schedules of the code: keep it "
    "(and say so), or set it back; without it the application's setting reactivebeat_conflicts, else keep")
  try:
    options = parser.parse_args(argv)
  except SystemExit as end:
    return int(end.code or 0)
  try:
    app = loaded(options.app, _load)
  except CannotLoad as error:
    return _fail(DATA, str(error))
  try:
    resets = (options.conflicts or conflicts(app)) == "reset"
    return publish(app, options.app, replace=options.replace, resets=resets, dry_run=options.dry_run)
  except OtherApplication as error:
    return _fail(EXISTS, f"{error} (--replace)")
  except (InvalidSetting, InvalidURL, UnsupportedBroker) as error:
    return _fail(CONFIGURATION, str(error))
  except binary.ProgramMissing as error:
    return _fail(MISSING, str(error))
  except ReactiveBeatError as error:
    return _fail(DATA, str(error))
  except Exception as error:
    status = _redis_status(error)
    if status is None:
      raise
    return _fail(status, f"{_place(app)}: {error}")


def _load(name: str) -> Any:
  """The application, when the receivers of `beat_init` have been called, which may add schedules: otherwise those would
  count as gone from the code."""
  app = application.load(name)
  from celery import beat, signals
  if signals.beat_init.receivers:
    signals.beat_init.send(sender=beat.Service(app, scheduler_cls=beat.Scheduler))
  return app


def publish(app: Any, name: str, *, replace: bool, resets: bool, dry_run: bool) -> int:
  """Publishes, and prints what changes. Returns the exit status: DATA if entries of the code cannot be schedules.

  Raises ReactiveBeatError, and redis-py's errors.
  """
  settings = Settings.of(app)
  if settings.mongo is not None:
    return _announce(app, settings, name, replace=replace, dry_run=dry_run)
  done = publish_application(app, settings, name, replace=replace, resets=resets, dry_run=dry_run)
  for warning in done.warnings:
    _print(f"warning: {warning}", sys.stderr)
  for line in done.changes:
    _print(line, sys.stdout)
  verb = "would be published" if dry_run else "published"
  schedules = f", {done.count} schedule{'s' * (done.count != 1)}" if done.count else ""
  _print(f"{verb}: {done.manifest['application']}, {len(done.manifest['tasks'])} tasks{schedules}, "
         f"{len(done.changes) or 'no'} change{'s' * (len(done.changes) != 1)}, in {settings.store}", sys.stdout)
  if done.refused:
    return _fail(DATA, f"{done.refused} of the {done.count + done.refused} schedules in the code cannot be published, "
                       "and what stood there stays: see the warnings")
  return 0


def _announce(app: Any, settings: Settings, name: str, *, replace: bool, dry_run: bool) -> int:
  """The same for a store in MongoDB: what the application says of its tasks, but not the schedules in its code."""
  unpublished = announcing.unpublished(app, name)
  if unpublished is not None:
    _print(f"warning: {unpublished}", sys.stderr)
  done = announcing.announce(settings, name, replace=replace, dry_run=dry_run)
  for line in done.lines:
    _print(line if done.status == 0 else f"reactivebeat: {line}", sys.stdout if done.status == 0 else sys.stderr)
  return done.status


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
  _print(f"reactivebeat: {text}", sys.stderr)
  return status


def _print(text: str, stream: TextIO) -> None:
  """One line. What the stream's encoding lacks is written as in Python: all is stored by now, and is to be told."""
  encoding = stream.encoding or "utf-8"
  try:
    print(one_line(text).encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
  except BrokenPipeError:  # Whoever read it has ended.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


if __name__ == "__main__":
  sys.exit(main())
