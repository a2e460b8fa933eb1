"""The schedules in the application's code (`beat_schedule`), kept in step as documents.

ownership.py decides what becomes of each. Here it is read and carried out, one schedule at a time, each in one step
with the record of its owner, so that a publisher which is killed, or two at once, leave nothing half done.
"""

from __future__ import annotations

import dataclasses
import json
import random
import time
from typing import TYPE_CHECKING, Any, Dict, Final, Iterable, List, Optional, Tuple

from . import application, forecast, ownership
from .documents import LONGEST_DOCUMENT
from .errors import InvalidSchedule
from .keys import Keys, encoded
from .ownership import Outcome, Said
from .runner import Runner
from .settings import Settings
from .steps import Script
from .store import owner_records

if TYPE_CHECKING:
  import redis
  from celery import Celery

_BATCH: Final = 64
#: How often a change is tried while others change the same schedule.
_TRIES: Final = 20
_owned: Final = Script("owned", is_own=True)


@dataclasses.dataclass(frozen=True)
class Publication:
  """What became of the schedules in the code."""

  #: How many the code has.
  count: int
  #: What changes, one line each.
  changes: Tuple[str, ...]
  #: What people have changed by hand, and what cannot be a schedule, one line each.
  warnings: Tuple[str, ...]
  #: How many entries of the code cannot be schedules. What stood there stays.
  refused: int = 0


def publish_entries(
    app: Celery, client: redis.Redis, prefix: str, name: str, *, resets: bool = False, takes_over: bool = False,
    dry_run: bool = False, settings: Optional[Settings] = None) -> Publication:
  """Brings the documents into step with the application's `beat_schedule`.

  - client: of the database with the schedules. It gives bytes.
  - name: the application's, as in its manifest.
  - resets: whether what people have changed by hand is set back. Otherwise it stays, and is told.
  - takes_over: whether schedules of other applications' code count as this one's.
  - dry_run: only tells what would change.
  - settings: the application's, where they are known already.

  What the daemon would set aside is not stored: its own program is asked. Raises ReactiveBeatError, and the errors of
  `client`.
  """
  settings = settings or Settings.of(app)
  return _Publisher(app, client, Keys(prefix), name, settings, resets, takes_over, dry_run).publish()


def said_by(app: Celery) -> Tuple[Dict[str, Said], Dict[str, str], List[str]]:
  """The schedules in the code; those that cannot be documents, with why; and what else is to be said, one line each."""
  said: Dict[str, Said] = {}
  problems: Dict[str, str] = {}
  notes: List[str] = []
  beside: Dict[str, Dict[str, Any]] = {}
  for key, value in _entries(app).items():
    entry = str(key)
    try:
      found, remarks = _said(app, key, value, beside)
      if entry in said:
        raise application.Refused("another entry has the same name as a text")
      _check_name(entry)
    except application.Refused as refusal:
      problems[entry] = str(refusal)
    except Exception as error:
      problems[entry] = f"Celery refuses it: {application.told(error)}"
    else:
      said[entry] = found
      notes += ownership.names(remarks, entry)
  return said, problems, notes


def _entries(app: Celery) -> Dict[Any, Any]:
  """The application's entries, and Celery's own one that tidies the results, where there are any."""
  from celery.backends.base import DisabledBackend
  entries = application.beat_entries(app)
  if isinstance(app.backend, DisabledBackend) and "celery.backend_cleanup" not in app.conf.beat_schedule:
    entries.pop("celery.backend_cleanup", None)
  return entries


def _said(app: Celery, key: Any, value: Any, beside: Dict[str, Dict[str, Any]]) -> Tuple[Said, List[str]]:
  """`beside` keeps what the manifest says of tasks."""
  entry = application.schedule_entry(app, key, value)
  if entry.task not in beside:
    beside[entry.task] = application.said(app, entry.task)
  own, notes = application.document(app, entry, None, beside[entry.task])
  # As it would be read back: Celery's JSON has dates and UUIDs, for example.
  text = application.dumps(own)
  try:
    length = len(text.encode("utf-8"))
  except UnicodeEncodeError:
    raise application.Refused("it has a text that is no Unicode") from None
  if length > LONGEST_DOCUMENT:
    raise application.Refused(f"it has {length} bytes, and a document has at most {LONGEST_DOCUMENT}")

  def imported() -> Any:
    return json.loads(application.dumps(application.document(app, entry, None)[0]))

  return Said(json.loads(text), imported), notes


def _check_name(entry: str) -> None:
  keys = Keys("x:")
  try:
    if entry and keys.name(keys.document(entry)) is not None:
      return
  except UnicodeEncodeError:
    pass
  raise application.Refused("a schedule's name has 1 to 1024 bytes of UTF-8")


class _Publisher:
  def __init__(self, app: Celery, client: redis.Redis, keys: Keys, name: str, settings: Settings, resets: bool,
               takes_over: bool, dry_run: bool) -> None:
    self._app, self._settings = app, settings
    self._client: Any = client  # redis-py's types leave open whether answers are bytes.
    self._keys, self._name = keys, name
    self._resets, self._takes_over, self._dry_run = resets, takes_over, dry_run
    self._runner = Runner(client)
    self._changes: List[str] = []
    self._warnings: List[str] = []
    self._refused = 0

  def publish(self) -> Publication:
    said, problems, notes = said_by(self._app)
    self._warnings += notes
    for entry, problem in self._errors(said).items():
      del said[entry]
      problems[entry] = problem
    for entry, problem in problems.items():
      self._warnings.append(f"schedule {entry}: cannot be published: {problem}")
    owners = self._owners()
    gone = [entry for entry in self._mine(owners) if entry not in said and entry not in problems]
    if gone and not self._app.conf.beat_schedule:
      # An application that has not loaded its schedules looks like this.
      self._warnings.append(
        f"the code has no schedules at all, and {len(gone)} of it are stored: they stay; beat-watch rm deletes them")
      gone = []
    found = self._documents([*said, *gone])
    for entry in [*said, *gone]:
      self._bring(entry, said.get(entry), found[entry], owners.get(encoded(entry)))
    refused = self._refused + len(problems)
    return Publication(len(said) - self._refused, tuple(self._changes), tuple(self._warnings), refused)

  def _errors(self, said: Dict[str, Said]) -> Dict[str, str]:
    documents = {entry: json.dumps(value.fields).encode() for entry, value in said.items()}
    return self._runner.run(forecast.errors(self._settings, documents))

  def _owners(self) -> Dict[bytes, bytes]:
    return self._runner.run(owner_records(self._keys))

  def _mine(self, owners: Dict[bytes, bytes]) -> Iterable[str]:
    for field, data in sorted(owners.items()):
      if self._is_mine(data):
        yield field.decode("utf-8", "surrogateescape")

  def _is_mine(self, record: bytes) -> bool:
    """Whether a record is of this application. One that cannot be read is nobody's: what it is of stays."""
    owner = ownership.Owner.read(record)
    return owner is not None and (self._takes_over or owner.application == self._name)

  def _documents(self, entries: List[str]) -> Dict[str, Optional[bytes]]:
    found: Dict[str, Optional[bytes]] = {}
    for start in range(0, len(entries), _BATCH):
      page = entries[start:start + _BATCH]
      found.update(zip(page, self._client.mget([self._keys.document(entry) for entry in page])))
    return found

  def _bring(self, entry: str, said: Optional[Said], document: Optional[bytes], owner: Optional[bytes]) -> None:
    """Settles one schedule, and carries it out; again where somebody else was faster."""
    for attempt in range(_TRIES):
      try:
        outcome = self._outcome(entry, said, document, owner)
        if outcome.changes and outcome.conflicts and outcome.document is not None:
          # The code's part and the hand's were each in order. The two together may not be.
          self._runner.run(forecast.check(self._settings, outcome.document))
      except InvalidSchedule as error:
        self._warnings.append(
          f"schedule {entry}: stays as it is, for what the code says now does not go with what stands there: {error}")
        self._refused += 1
        return
      if self._dry_run or self._store(entry, document, owner, outcome):
        self._changes += ownership.names(outcome.changes, entry)
        self._warnings += ownership.names(outcome.conflicts, entry)
        return
      if attempt:
        time.sleep(random.uniform(0, 0.05))
      document = self._documents([entry])[entry]
      owner = self._client.hmget(self._keys.owned, [encoded(entry)])[0]
    self._warnings.append(
      f"schedule {entry}: was not stored: others change it without a pause, or its key holds no text")

  def _outcome(
      self, entry: str, said: Optional[Said], document: Optional[bytes], owner: Optional[bytes]) -> Outcome:
    if said is not None:
      return ownership.settled(said, self._name, document, owner, self._resets, self._takes_over)
    if owner is None or not self._is_mine(owner):  # Another publisher has been here.
      return Outcome(document, owner)
    return ownership.removed(document, owner, self._resets)

  def _store(self, entry: str, document: Optional[bytes], owner: Optional[bytes], outcome: Outcome) -> bool:
    # Documents and owners are read one after the other. Before anything is said to be a hand's work, both are looked at
    # together.
    if (document, owner) == (outcome.document, outcome.owner) and not outcome.conflicts:
      return True
    reply = self._runner.run(_owned(
      [self._keys.document(entry), self._keys.owned],
      [b"0" if document is None else b"1", document or b"", b"0" if outcome.document is None else b"1",
       outcome.document or b"", encoded(entry), owner or b"", outcome.owner or b""]))
    return bool(reply[0] == b"OK")
