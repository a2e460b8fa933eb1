"""`celery -A proj beat -S reactivebeat`: celery beat, of which the daemon beat-watch does the work.

The scheduler asks the application what only the application knows, stores that beside the schedules, and then the
process becomes the daemon: nothing of Python stays in memory.
"""

from __future__ import annotations

import os
import re
from typing import Any, Callable, ClassVar, Final, Optional

from celery import beat
from celery.utils.log import get_logger

from . import announcing, application, binary, takeover
from .errors import InvalidSetting, InvalidURL, ReactiveBeatError, UnsupportedBroker, one_line
from .invocation import Invocation, follow_parent, is_main_thread
from .settings import Settings, conflicts, publishes_at_start
from .storekind import StoreKind, own

#: The exit statuses of beat-watch: the configuration must be changed first; there is no such program.
_CONFIGURATION: Final = 78
_MISSING: Final = 127
#: Seconds between looks for a Redis that does not answer, and at a child.
_PAUSE: Final = 1.0
#: What a Redis says that takes no writes for a while, also by a script: a failover, a full memory or disk, for example.
_FOR_A_WHILE: Final = re.compile(
  r"(?:^|: -)(?:READONLY|MASTERDOWN|CLUSTERDOWN|LOADING|BUSY|TRYAGAIN|OOM|MISCONF|NOREPLICAS) ")

logger: Final = get_logger("celery.beat")


class _End(Exception):
  """Celery beat ends, with this status."""

  def __init__(self, status: int) -> None:
    super().__init__(status)
    self.status = status


class Scheduler(beat.Scheduler):  # type: ignore[misc]
  """What Celery takes for a scheduler. It calls `tick()` in a loop; the first one in which the store answers is the
  last. The schedules are in Redis, or in MongoDB where the application's settings say so (`store_kind`).

  `reactivebeat_publish_at_start = False` leaves it to `python -m reactivebeat publish` to store what the application
  says, and its schedules. `reactivebeat_conflicts` is for what people have changed by hand in schedules of the code.
  """

  #: None: as the configuration says.
  store: ClassVar[Optional[StoreKind]] = None

  def __init__(self, *args: Any, **kwargs: Any) -> None:
    self._child: Optional[takeover.Child] = None
    self._status: Optional[int] = None
    self._is_waiting = False
    super().__init__(*args, **kwargs)

  def setup_schedule(self) -> None:
    """Checks what can be checked without the store. Celery lets SystemExit pass here, with its status."""
    try:
      self._settings = Settings.of(self.app, self.store)
      self._settings.environment()
      self._publishes = publishes_at_start(self.app)
      self._resets = conflicts(self.app) == "reset"
      self._program = binary.program()
    except (InvalidSetting, InvalidURL, UnsupportedBroker) as error:
      _say(logger.critical, str(error))
      raise SystemExit(_CONFIGURATION) from None
    except binary.ProgramMissing as error:
      _say(logger.critical, str(error))
      raise SystemExit(_MISSING) from None
    self._invocation = Invocation.current()
    for line in self._invocation.without_effect:
      _say(logger.warning, line)
    self._warn()

  def tick(self, *args: Any, **kwargs: Any) -> float:
    """Publishes, and becomes the daemon. Returns the seconds until Celery calls it again, if there is no store yet."""
    if self._child is None:
      try:
        if not follow_parent():
          raise _End(0)  # Without a line: this is what the worker's end comes to.
        if not self._publish():
          return _PAUSE
        self._start()
      except _End as end:
        # Celery takes SystemExit here for an end without an error; close() says how it was.
        self._status = end.status
        raise SystemExit(end.status) from None
    if self._child is not None and self._child.status is not None:
      _say(logger.critical, f"beat-watch has ended with status {self._child.status}: nobody fires from here any more; "
           "start the application again")
      raise SystemExit(self._child.status)
    return _PAUSE

  def close(self) -> None:
    """Ends the child, if there is one. Celery calls it at the end, and once more after a signal."""
    child = self._child
    if child is not None:
      self._status = child.stop()
    if self._status:
      raise SystemExit(self._status)

  def should_sync(self) -> bool:
    return False

  def sync(self) -> None:
    """Nothing is kept in this process."""

  @property
  def info(self) -> str:
    """What celery beat's banner says of the scheduler."""
    try:
      place = Settings.of(self.app, self.store).place
    except ReactiveBeatError:
      place = "not known"  # Why, is said when it starts.
    called = Invocation.current()
    level = called.log_level or os.environ.get("BEAT_WATCH_LOG_LEVEL") or "info"
    return "\n".join((
      f"    . schedules -> {place}", f"    . beat-watch's log -> {called.logfile or '[stderr]'}@{level}",
      f"    . commands -> python -m reactivebeat -A {_name() or 'APP'} list"))

  def _warn(self) -> None:
    from celery import signals
    if self._settings.mongo is not None and own(self.app.conf, "mongodb_scheduler_connection_alias"):
      _say(logger.warning, "mongodb_scheduler_connection_alias has no effect: beat-watch has connections of its own")
    if signals.before_task_publish.receivers:
      _say(logger.warning, "before_task_publish has receivers, which beat-watch does not call: what they change in a "
           "message is missing")
    asked = self._invocation.remote_control
    if asked is None and self._invocation.command == "beat":
      asked = bool(self.app.conf.get("beat_enable_remote_control"))
    if asked:
      _say(logger.warning, "beat_enable_remote_control has no effect: `celery inspect ping` is not answered; "
           "`beat-watch status` says how the daemon is")

  def _publish(self) -> bool:
    """Stores what the application says. False: the store does not answer yet."""
    if not self._publishes:
      return True
    self._load()
    return self._publish_to_redis() if self._settings.mongo is None else self._announce()

  def _load(self) -> None:
    try:
      # celery beat and a worker have done so; a program that starts the service itself may not have.
      self.app.loader.import_default_modules()
      self.app.finalize()
    except Exception as error:
      _say(logger.critical, f"the application cannot be loaded: {application.told(error)}")
      raise _End(_CONFIGURATION) from None

  def _publish_to_redis(self) -> bool:
    from redis import exceptions

    from .manifest import OtherApplication
    from .publish import publish_application
    settings = self._settings
    try:
      done = publish_application(self.app, settings, _name(), resets=self._resets)
      for warning in done.warnings:
        if not warning.startswith("before_task_publish"):  # It has been said.
          _say(logger.warning, warning)
      for change in done.changes:
        _say(logger.info, change)
    except OtherApplication as error:
      _say(logger.critical, f"{error} (python -m reactivebeat publish --replace)")
      raise _End(_CONFIGURATION) from None
    except ReactiveBeatError as error:
      _say(logger.critical, str(error))
      raise _End(_CONFIGURATION) from None
    except exceptions.RedisError as error:
      if _is_passing(error):
        return self._waits(f"{settings.store}: {error}")
      # The daemon says what it may not do itself, and goes on as soon as it may.
      _say(logger.error, f"{settings.store}: {error}; what the application says was not published")
    return True

  def _announce(self) -> bool:
    """The same for a store in MongoDB: what the application says of its tasks, but not the schedules in its code."""
    name = _name()
    unpublished = announcing.unpublished(self.app, name)
    if unpublished is not None and not self._is_waiting:
      _say(logger.warning, unpublished)
    if name is None:
      _say(logger.warning, "what the application says of its tasks is not published, for nothing names the application "
           "here: python -m reactivebeat publish -A APP does it")
      return True
    try:
      done = announcing.announce(self._settings, name)
    except OSError as error:
      _say(logger.critical, f"{self._program}: {error.strerror}")
      raise _End(_MISSING) from None
    if done.is_passing:
      return self._waits("; ".join(done.lines))
    is_final = done.status in (announcing.OTHER_APPLICATION, _CONFIGURATION)
    level = logger.critical if is_final else logger.error if done.status else logger.info
    for line in done.lines:
      _say(level, line)
    if is_final:
      raise _End(_CONFIGURATION)
    if done.status:
      _say(level, "what the application says was not published")
    return True

  def _waits(self, why: str) -> bool:
    """Says once what is waited for, and gives False."""
    if not self._is_waiting:
      _say(logger.warning, f"{why}; trying again each second")
    self._is_waiting = True
    return False

  def _start(self) -> None:
    try:
      if is_main_thread():
        takeover.become(self._program, self._settings, self._invocation)
      self._child = takeover.Child(self._program, self._settings, self._invocation)
    except OSError as error:
      _say(logger.critical, f"{self._program}: {error.strerror}")
      raise _End(_MISSING) from None


class RedisScheduler(Scheduler):
  """The same with its schedules in Redis, whatever the settings say of MongoDB."""

  store = StoreKind.REDIS


class MongoScheduler(Scheduler):
  """The same with its schedules in MongoDB, whatever the settings say of Redis: under celerybeat-mongo's settings, and
  without any in `celery.schedules` of the MongoDB on localhost."""

  store = StoreKind.MONGODB


def _is_passing(error: Exception) -> bool:
  """Whether Redis may take what it was given later on: it does not answer, or refuses all writes for now."""
  from redis import exceptions
  if isinstance(error, (exceptions.AuthenticationError, exceptions.NoPermissionError)):
    return False
  if not isinstance(error, exceptions.ResponseError):
    return True
  # redis-py takes the first word out of those for which it has a class.
  names = ("ReadOnlyError", "MasterDownError", "ClusterDownError", "TryAgainError", "OutOfMemoryError")
  kinds = tuple(getattr(exceptions, name) for name in names if hasattr(exceptions, name))
  return isinstance(error, kinds) or bool(_FOR_A_WHILE.search(str(error)))


def _name() -> Optional[str]:
  """The application as `celery -A` has it, for one that has no name itself."""
  import click
  context = click.get_current_context(silent=True)
  found = context.find_root().params.get("app") if context is not None else None
  return found if isinstance(found, str) else os.environ.get("CELERY_APP")


def _say(log: Callable[..., None], text: str) -> None:
  """One line, whatever the text holds."""
  log("%s", one_line(text))
