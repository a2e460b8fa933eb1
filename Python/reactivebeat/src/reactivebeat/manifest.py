"""What a Celery application says of its tasks, kept beside the schedules: where and how each task is sent, the zone,
and the transport options. The daemon hears of it like of an edit, and takes from it what a document does not say."""

from __future__ import annotations

import dataclasses
import json
import random
import re
import time
from typing import TYPE_CHECKING, Any, Dict, Final, Iterable, Iterator, Mapping, Optional, Set, Tuple, Union

from . import application
from .amqpurl import is_amqp, virtual_host
from .connection import Address
from .errors import InvalidURL, ReactiveBeatError
from .keys import Keys
from .rabbit import Rabbit
from .remarks import changes, moved, warnings
from .runner import Runner
from .steps import Script

if TYPE_CHECKING:
  import redis
  from celery import Celery

#: The longest manifest that the daemon reads, in bytes.
LONGEST: Final = 4_194_304
#: How many keys one step of SCAN looks at, and how many documents are read at a time. A document has up to 1 MiB.
_BATCH: Final = 64
#: How often the writing is tried when others write the same key, and the longest pause in between, in seconds.
_TRIES: Final = 60
_PAUSE: Final = 0.2
_save: Final = Script("save")


class ManifestError(ReactiveBeatError):
  """The manifest cannot be published. The text says why, and what to do."""


class OtherApplication(ManifestError):
  """Under this prefix another application has published its manifest."""


@dataclasses.dataclass(frozen=True)
class Publication:
  """What became of a manifest."""

  #: The manifest as it is (or would be) stored.
  manifest: Mapping[str, Any]
  #: What it changes, one line each; empty: nothing but when and by whom it was published.
  changes: Tuple[str, ...]
  #: What the application cannot say, or what the daemon will do otherwise than Celery, one line each.
  warnings: Tuple[str, ...]
  #: False: a dry run.
  is_written: bool


def publish_manifest(
    app: Celery, client: redis.Redis, prefix: str, *, name: Optional[str] = None, tasks: Iterable[str] = (),
    broker: Union[Address, Rabbit, None] = None, replace: bool = False, dry_run: bool = False) -> Publication:
  """Asks the application where and how it sends its tasks, and stores the answer for the daemon.

  - client: of the database with the schedules. It gives bytes (`decode_responses` is off).
  - prefix: what the schedules' keys begin with.
  - name: the application's name unless it names itself, by its setting `reactivebeat_application` or its main module.
  - tasks: names of tasks that are in use, beside those of the application and of the stored schedules.
  - broker: where the application's workers have their queues. By it, two applications of one name are told apart.
  - replace: whether another application's manifest may be replaced.
  - dry_run: only tells what would change.

  Nothing is sent and no result backend is touched. Functions of the application are called: its routers, without
  arguments of a task, and `shadow_name` of its tasks.

  Raises OtherApplication, ManifestError, and the errors of `client`.
  """
  keys = Keys(prefix)
  used = application.used(app, (*tasks, *stored_tasks(client, keys)))
  said = application.stamped(application.manifest(app, name, sorted(used)))
  if broker is not None:
    said["broker"] = _place(broker)
  shortened = _shortened(said, used)
  left_out = said["tasks"].keys() - shortened["tasks"].keys()
  old = _store(client, keys, application.manifest_text(shortened).encode(), shortened, replace, dry_run)
  return Publication(
    shortened, tuple(changes(old, shortened, left_out)),
    (*moved(old, said), *_unlisted(said, left_out), *warnings(app, shortened)), not dry_run)


def _shortened(said: Dict[str, Any], used: Set[str]) -> Dict[str, Any]:
  """The manifest, so that the daemon can read it. Raises ManifestError where that cannot be.

  First goes what counts without being said: that something comes from the application's defaults. Then the tasks that
  no schedule uses.
  """
  length = _length(said)
  if length <= LONGEST:
    return said
  tasks = {name: _without_defaults(task) for name, task in said["tasks"].items()}
  shorter = dict(said, tasks=tasks)
  if _length(shorter) <= LONGEST:
    return shorter
  shortest = dict(shorter, tasks={name: task for name, task in tasks.items() if name in used})
  if _length(shortest) <= LONGEST:
    return shortest
  raise ManifestError(
    f"what the application says of its {len(tasks)} tasks has {length} bytes, and the daemon reads at most {LONGEST}; "
    f"{len(shortest['tasks'])} of them are used by schedules, which is too much too: publish an application with fewer "
    "tasks")


def _length(manifest: Mapping[str, Any]) -> int:
  return len(application.manifest_text(dict(manifest)).encode())


def _without_defaults(task: Mapping[str, Any]) -> Dict[str, Any]:
  rest = {field: source for field, source in task.get("from", {}).items() if source != "default"}
  result = {member: value for member, value in task.items() if member != "from"}
  return dict(result, **{"from": rest}) if rest else result


def _unlisted(said: Mapping[str, Any], left_out: Set[str]) -> Iterator[str]:
  if left_out:
    yield (
      f"the application has {len(said['tasks'])} tasks, and the daemon reads a manifest of {LONGEST} bytes at most: "
      f"{len(left_out)} that no schedule uses are left out. A schedule that is made for one of them is sent by the "
      "application's defaults, with a warning that there is no such task, until this is published again")


def stored_tasks(client: redis.Redis, keys: Keys) -> Iterator[str]:
  """The tasks that the stored schedules name, as often as they do. Reads all documents, a few at a time."""
  store: Any = client  # redis-py's types leave open whether answers are bytes.
  cursor = 0
  while True:
    cursor, found = store.scan(cursor, match=keys.pattern, count=_BATCH)
    names = [key for key in found if keys.name(key) is not None]
    for start in range(0, len(names), _BATCH):
      for data in store.mget(names[start:start + _BATCH]):
        task = _task(data) if data is not None else None
        if task:
          yield task
    if not cursor:
      return


def _task(data: bytes) -> Optional[str]:
  """The task that a document names. Documents may hold more than JSON: the shell's `ISODate("…")`, for example."""
  try:
    document = json.loads(data)
    task = document.get("task") if isinstance(document, dict) else None
    return task if isinstance(task, str) else None
  except (ValueError, RecursionError):
    found = re.search(rb'"task"\s*:\s*("(?:[^"\\]|\\.)*")', data)
    try:
      task = json.loads(found[1]) if found else None
      return task if isinstance(task, str) else None
    except ValueError:
      return None


def _store(
    client: redis.Redis, keys: Keys, data: bytes, said: Mapping[str, Any], replace: bool,
    dry_run: bool) -> Optional[Dict[str, Any]]:
  """Writes the manifest unless somebody else's is there. Returns the one that it takes the place of."""
  runner = Runner(client)
  for attempt in range(_TRIES):
    before = _read(client, keys.application)
    old = _parsed(before)
    if not replace:
      _check(old, said)
    # Many beats that start at once publish the same: one of them is enough.
    if dry_run or attempt and old is not None and _contents(old) == _contents(said):
      return old
    seen = [b"0", b""] if before is None else [b"1", before]
    reply = runner.run(_save([keys.application, keys.watermarks], [*seen, data, b"", b"", b""]))
    if reply[0] == b"OK":
      return old
    time.sleep(random.uniform(0, _PAUSE))
  raise ManifestError("others write the application's manifest without a pause: try again")


def _read(client: Any, key: bytes) -> Optional[bytes]:
  kind = client.type(key)
  if kind == b"none":
    return None
  if kind != b"string":
    raise ManifestError(
      f"the key {key.decode('utf-8', 'replace')} holds a {kind.decode()}, where the application's manifest belongs: "
      "delete it")
  found: Optional[bytes] = client.get(key)
  return found


def _parsed(data: Optional[bytes]) -> Optional[Dict[str, Any]]:
  try:
    found = json.loads(data or b"null")
  except (ValueError, RecursionError):
    return None
  return found if isinstance(found, dict) else None


def _contents(manifest: Mapping[str, Any]) -> Dict[str, Any]:
  """What it says, without when and by whom it was published."""
  return {member: value for member, value in manifest.items() if member not in ("published_at", "published_by")}


def _check(old: Optional[Dict[str, Any]], said: Mapping[str, Any]) -> None:
  if old is None:
    return
  other, name = old.get("application"), said["application"]
  who = " on ".join(str(old[field]) for field in ("published_at", "published_by") if old.get(field))
  if other != name:
    raise OtherApplication(
      f"under this prefix the application {str(other)[:100]} has published its manifest ({who}), and this one is "
      f"{name}: give each application a redis_scheduler_key_prefix of its own, name them alike by the setting "
      "reactivebeat_application, or replace it")
  queues, own = _queues(old), _queues(said)
  if any(theirs is not None and ours is not None and theirs != ours for theirs, ours in zip(queues, own)):
    places = [", ".join(text for text in (
      manifest.get("broker"), prefix and f"global_keyprefix {prefix}") if text) or "another broker"
      for manifest, (_, prefix) in ((old, queues), (said, own))]
    raise OtherApplication(
      f"under this prefix an application of the same name, {name}, has published its manifest ({who}), with its queues "
      f"in {places[0]}, and those of this one are in {places[1]}: give each application a redis_scheduler_key_prefix "
      "of its own, or, if this is the one whose queues have moved, replace it")
  version = old.get("version")
  if isinstance(version, int) and version > 1:
    raise ManifestError(
      f"the manifest there has the version {version}, of a newer reactivebeat: upgrade this one, or replace it")


def _place(broker: Union[Address, Rabbit]) -> str:
  """Where the broker is, without whom it lets in."""
  if isinstance(broker, Rabbit):
    return broker.place
  return str(dataclasses.replace(
    broker, username=None, password=None, tls=None, sentinel_username=None, sentinel_password=None))


def _queues(manifest: Mapping[str, Any]) -> Tuple[Union[int, str, None], Optional[str]]:
  """What tells the queues of two applications on one server apart: the database or the virtual host, and what the keys
  begin with. None: the manifest does not say."""
  options = manifest.get("transport_options")
  prefix = str(options.get("global_keyprefix") or "") if isinstance(options, dict) else None
  place = str(manifest.get("broker") or "")
  if is_amqp(place):
    return virtual_host(place), prefix
  try:
    return Address.parse(place).database, prefix
  except InvalidURL:
    return None, prefix
