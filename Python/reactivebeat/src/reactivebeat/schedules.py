"""Schedules from Python. aio.py has the same for asyncio."""

from __future__ import annotations

import contextlib
import datetime
import functools
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, Optional, Union

from . import build, forecast, receipts, runs, values
from .documents import Document, Draft
from .errors import InvalidSchedule, ReactiveBeatError
from .forecast import State
from .keys import DEFAULT_PREFIX
from .ownership import Owner
from .receipts import Receipt
from .runner import Runner
from .runs import Run
from .settings import Settings, warn_of_prefix
from .store import Check, Saved, Store
from .when import When

if TYPE_CHECKING:
  from celery import Celery
  from typing_extensions import Unpack

  from .fields import Fields


class Schedules:
  """The schedules of an application, or of a store. Threads may share one.

  Errors of redis-py (`redis.ConnectionError`, …) are passed on: whether a change was stored before the connection was
  lost is then not known.
  """

  def __init__(self, app: Union[Celery, Settings]) -> None:
    """Connects with the first use. Raises InvalidSetting, UnsupportedBroker, and InvalidURL."""
    self.settings = app if isinstance(app, Settings) else Settings.of(app)
    warn_of_prefix(self.settings.key_prefix)
    address = self.settings.store
    self._store = Store(self.settings.keys, address.database)
    self._runner = Runner(address.client(repeats=False), address)

  @classmethod
  def from_url(cls, url: str, prefix: str = DEFAULT_PREFIX) -> Schedules:
    """The schedules at an address. Raises InvalidURL."""
    return cls(Settings.of_store(url, prefix))

  def put(
    self, name: str, task: Any, when: When, *, replace: bool = True, check: bool = False, **fields: Unpack[Fields],
  ) -> Saving:
    """Stores a schedule: a new one, or in the place of the one that has this name.

    `task` is a Celery task, its name, or a signature; `when` is described in `When`, and the fields in `Fields`. The
    document takes the place of the whole one that stood there, but for its last run and count. Where nothing else would
    change, nothing is written.

    - replace: False makes a new schedule only, and raises Conflict if one of this name is there.
    - check: True has the daemon's own program look at the document first (`beat-watch lint`). What the daemon would set
      aside is then an InvalidSchedule, too. For forms, whose users make such mistakes; it takes some milliseconds.

    Raises InvalidSchedule before anything is written.
    """
    return self._put(name, build.build(name, task, when, fields, self.settings.timezone), replace, check)

  def put_document(
    self, name: str, document: Union[Mapping[str, Any], str, bytes], *, replace: bool = True, check: bool = False,
  ) -> Saving:
    """The same with a whole document, as `beat-watch set --document`. A text is stored as it is."""
    return self._put(values.name(name), build.whole(document), replace, check)

  @contextlib.contextmanager
  def edit(self, name: str, *, check: bool = False) -> Iterator[Edit]:
    """Changes fields of a schedule, as a block:

        with beat.edit("report") as s:
          s.enabled = False
        s.wait()

    The block sees the document as it is then. What the block assigns is carried out when the block ends, on the bytes
    that stand there by then: other fields that somebody has changed meanwhile keep that change, and of a field that
    both have changed the block's value stands. A new value that depends on the old one belongs into `update`. `check`
    is that of `put`.

    Raises NotFound, InvalidSchedule, and Conflict. An exception of the block leaves the document as it is.
    """
    edit = Edit(name, self.get(name).data)
    yield edit
    edit._saving = Saving(self, self._runner.run(self._store.update(name, edit.on, self._check(check))))

  def update(self, name: str, function: Callable[[Draft], object], *, check: bool = False) -> Saving:
    """Changes a schedule by a function, which is run again on the newer document where somebody was faster.

    `check` is that of `put`. Raises NotFound, InvalidSchedule, Conflict, and what the function raises.
    """
    return Saving(self, self._runner.run(self._store.update(name, build.edit_by(name, function), self._check(check))))

  def get(self, name: str) -> Document:
    """The document as it is now. Raises NotFound."""
    return self._runner.run(self._store.document(values.name(name)))

  def list(self, pattern: str = "*") -> List[Document]:
    """All documents whose names match a glob of Redis (`*`, `?`, `[a-c]`, `\\`), by name."""
    return self._runner.run(self._store.documents(pattern))

  def states(self, pattern: str = "*") -> List[State]:
    """What `beat-watch list` says of the schedules whose names match, by name: their states and next due times.

    A name that cannot be printed is given as the program prints it, and is then no name to ask for.
    """
    return self._runner.run(forecast.states(self.settings, pattern))

  def owners(self) -> Dict[str, Owner]:
    """The schedules that stand in an application's code, by name: whose they are, and what the code said of them."""
    return self._runner.run(self._store.owners())

  def history(self, count: int = 20, since: Optional[datetime.datetime] = None) -> List[Run]:
    """The newest runs of all schedules, also of those that are gone, the oldest of them first."""
    return self._runner.run(runs.history(self._store, None, count, since))

  def __getitem__(self, name: str) -> Schedule:
    """One schedule, which need not exist yet."""
    return Schedule(self, values.name(name))

  def __contains__(self, name: object) -> bool:
    try:
      return self._runner.run(self._store.read(values.name(name))) is not None
    except InvalidSchedule:  # What is no name is the name of none.
      return False

  def __iter__(self) -> Iterator[Schedule]:
    return (self[document.name] for document in self.list())

  def close(self) -> None:
    """Closes its connections. The next use opens new ones."""
    self._runner.client.connection_pool.disconnect()

  def __enter__(self) -> Schedules:
    return self

  def __exit__(self, *_: object) -> None:
    self.close()

  def _put(self, name: str, data: bytes, replace: bool, check: bool) -> Saving:
    return Saving(self, self._runner.run(self._store.put(name, data, replace, self._check(check))))

  def _check(self, is_wanted: bool) -> Optional[Check]:
    return functools.partial(forecast.check, self.settings) if is_wanted else None


class Schedule:
  """One schedule by its name. Each method asks Redis anew, and raises NotFound if there is none."""

  # An attribute that is set here by mistake, in the place of edit(), is an error.
  __slots__ = ("name", "_schedules", "_store", "_runner")

  def __init__(self, schedules: Schedules, name: str) -> None:
    self.name = name
    self._schedules = schedules
    self._store, self._runner = schedules._store, schedules._runner

  def get(self) -> Document:
    """The document as it is now."""
    return self._schedules.get(self.name)

  def edit(self, *, check: bool = False) -> contextlib.AbstractContextManager[Edit]:
    return self._schedules.edit(self.name, check=check)

  def update(self, function: Callable[[Draft], object], *, check: bool = False) -> Saving:
    return self._schedules.update(self.name, function, check=check)

  def enable(self) -> Saving:
    """It runs at its next occurrence from now on."""
    return self.update(lambda draft: setattr(draft, "enabled", True))

  def disable(self) -> Saving:
    """It rests."""
    return self.update(lambda draft: setattr(draft, "enabled", False))

  def next(self, count: int = 5) -> List[datetime.datetime]:
    """The next due times in UTC, 1000 at most: what `beat-watch next` says.

    Missed ones that are made up for come first. Raises Rejected if the document cannot be used.
    """
    return self._runner.run(forecast.next_runs(self._schedules.settings, self.name, count))

  def fire(self, timeout: float = 10.0) -> str:
    """Lets the daemon send the task once, now, beside the schedule. Gives the task's id.

    `timeout` is in seconds: nothing is sent after it, and nothing twice. Raises Rejected with the daemon's reason, and
    NoDaemon.
    """
    return self._runner.run(runs.fire(self._store, self.name, timeout))

  def history(self, count: int = 20, since: Optional[datetime.datetime] = None) -> List[Run]:
    """Its newest runs, the oldest of them first. A schedule that is gone has a history, too."""
    return self._runner.run(runs.history(self._store, self.name, count, since))

  def receipt(self) -> Optional[Receipt]:
    """What the daemon said of the last edit; None: nothing."""
    return self._runner.run(receipts.receipt(self._store, self.name))

  def delete(self) -> None:
    self._runner.run(self._store.delete(self.name))

  def rename(self, name: str) -> Schedule:
    """Gives it another name, together with what the daemon remembers of it. The document, its label included, stays.

    Raises Conflict if the name is taken.
    """
    renamed = self._schedules[name]
    self._runner.run(self._store.rename(self.name, name))
    return renamed

  def __repr__(self) -> str:
    return f"<Schedule {self.name}>"


class Saving:
  """A change that is stored. `wait()` asks what the daemon says of it."""

  def __init__(self, schedules: Schedules, saved: Saved) -> None:
    self._schedules = schedules
    self._saved = saved

  @property
  def document(self) -> Document:
    """What stands there."""
    return Document(self._saved.name, self._saved.data)

  @property
  def is_changed(self) -> bool:
    """False: all of it stood there already, and nothing was written."""
    return self._saved.is_changed

  def wait(self, timeout: float = 10.0) -> Receipt:
    """Waits for the daemon's receipt, `timeout` seconds at most.

    Raises Rejected if the document is set aside, and NoDaemon if none answers.
    """
    return self._schedules._runner.run(receipts.awaited(self._schedules._store, self._saved, timeout))


class Edit(Draft):
  """The draft of a block of `edit`, and when the block has ended, what was stored."""

  _saving: Optional[Saving] = None

  @property
  def saving(self) -> Saving:
    """Raises ReactiveBeatError if the block has not ended, or has ended by an exception."""
    if self._saving is None:
      raise ReactiveBeatError(f"{self.name}: nothing was stored, for the block of edit has not ended, or has failed")
    return self._saving

  def wait(self, timeout: float = 10.0) -> Receipt:
    """As `Saving.wait`; a block that has changed nothing has the receipt of what stands there.

    Raises ReactiveBeatError if the block has not ended, or has ended by an exception.
    """
    return self.saving.wait(timeout)
