"""What Redis knows of an occurrence's runs: which attempts have ended, and who is running one."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import uuid
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, List, Mapping, NamedTuple, Sequence, Union
from urllib.parse import quote

if TYPE_CHECKING:
  import redis

#: The script carries numbers as Lua's, which are exact up to 2^53.
_MOST: Final = 2**31 - 1
_SCRIPT: Final = "record.lua"
#: The longest names that stand in a key, in bytes.
_LONGEST: Final = 100


class Attempt(NamedTuple):
  """Which of the messages with one task id this is. Later ones are greater: `Task.retry` and `Task.replace` send a
  message with the same id, the first with one more retry, the second with one more replacement."""

  replacements: int
  retries: int

  @classmethod
  def of(cls, request: Mapping[str, Any]) -> Attempt:
    return cls(_number(request.get("replaced_task_nesting")), _number(request.get("retries")))


def _number(value: Any) -> int:
  """A header's count. Headers come from outside, and may be anything."""
  return min(max(value, 0), _MOST) if isinstance(value, int) else 0


@dataclasses.dataclass(frozen=True)
class Run:
  """One execution of one attempt."""

  task_id: str
  #: The task's name as the message has it, which is not always the one that the task has now.
  task: str
  #: The name of the queue from which the message came.
  queue: str
  attempt: Attempt
  #: Names this execution, so that it is told from another of the same attempt.
  token: str = dataclasses.field(default_factory=lambda: uuid.uuid4().hex)


@dataclasses.dataclass(frozen=True)
class Granted:
  """The run may begin, and is recorded."""


@dataclasses.dataclass(frozen=True)
class Repeat:
  """This attempt has ended, or a later one has begun."""


@dataclasses.dataclass(frozen=True)
class Busy:
  """Another execution of this attempt is alive."""

  #: Seconds until it counts as dead unless it is renewed.
  remaining: float
  #: The copy of the message that comes back in the meantime; empty: none does.
  copy: str


Verdict = Union[Granted, Repeat, Busy]


class Records:
  """The records of one Redis. Each call is one round trip, and may be done again when its answer was lost.

  All methods raise redis.RedisError.
  """

  def __init__(self, client: redis.Redis, prefix: str, application: str, lease: float, keep: float) -> None:
    """`application`: its name. `lease`: seconds for which a run counts as alive without being renewed. `keep`: seconds
    for which an ended run is remembered."""
    text = resources.files("reactivebeat.guard").joinpath(_SCRIPT).read_text("utf-8")
    self._client = client
    self._script: Any = client.register_script(text)
    self._prefix = prefix
    self._application = application
    self._times = [int(lease * 1000), int(keep * 1000)]

  def key(self, run: Run) -> bytes:
    """STRING, see record.lua.

    Not of the id alone: that of an occurrence is made of the schedule's key and the due time, which are the same in the
    store of another application. And an exchange gives one message to several queues.
    """
    scope = _scope(self._application, run.queue, run.task)
    return f"{self._prefix}{scope}:{run.task_id}".encode("utf-8", "surrogatepass")

  def begin(self, run: Run) -> Verdict:
    verdict, *rest = self._call("begin", run)
    if _text(verdict) == "run":
      return Granted()
    if _text(verdict) == "done":
      return Repeat()
    copy = _text(rest[1])
    return Busy(int(rest[0]) / 1000, "" if copy == "-" else copy)

  def finish(self, run: Run) -> bool:
    """The attempt has ended. False: another execution of it had been begun in the meantime."""
    return _ours(self._call("finish", run))

  def release(self, run: Run) -> None:
    """The attempt has not ended, and may be begun again at once."""
    self._call("release", run)

  def renew(self, runs: Sequence[Run]) -> List[bool]:
    """The runs are alive. False for each that another execution has taken over; a record that cannot be read or written
    says nothing."""
    pipeline = self._client.pipeline(transaction=False)
    for run in runs:
      self._call("renew", run, client=pipeline)
    return [isinstance(answer, Exception) or _ours(answer) for answer in pipeline.execute(raise_on_error=False)]

  def announce(self, run: Run, copy: str, known: str) -> None:
    """A copy of the run's message has been sent, and comes back. It takes the place of the copy `known`, or of none."""
    self._call("return", run, copy, known or "-")

  def _call(self, verb: str, run: Run, *more: str, client: Any = None) -> Any:
    arguments = [verb, run.token, *run.attempt, *self._times, *more]
    return self._script(keys=[self.key(run)], args=arguments, client=client)


@functools.lru_cache(maxsize=1_024)
def _scope(*names: str) -> str:
  """Names as one, without a colon. Different names give different ones."""
  text = "/".join(quote(name, safe="@+=,", errors="surrogatepass") for name in names)
  return text if len(text) <= _LONGEST else hashlib.sha256(text.encode()).hexdigest()[:32]


def _ours(answer: Any) -> bool:
  return _text(answer[0]) == "ours"


def _text(value: Any) -> str:
  """A client gives bytes or text, as its owner has made it."""
  return value.decode() if isinstance(value, bytes) else str(value)
