"""What the operations on a store ask for, one step after another. They do no I/O themselves: a runner carries the steps
out, with `redis.Redis` (runner.py) or with asyncio (aio.py), so that nothing is written twice.
"""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import Any, Dict, Final, Generator, List, NamedTuple, Tuple, TypeVar, Union

from redis.exceptions import NoScriptError

T = TypeVar("T")
#: Quick commands that are on their way at once, at most: a thousand threads or tasks need no thousand connections.
MOST_AT_ONCE: Final = 32
#: Subscriptions at once, each with a connection of its own. Whoever waits without one looks at intervals.
MOST_SUBSCRIPTIONS: Final = 16


#: Commands that may be sent again when the answer is lost with the connection: they change nothing, or the same again.
#: A script is none of them: whether it was carried out would not be known. Nor is HSET: the daemon may have taken
#: out by then what was put there.
_REPEATABLE: Final = ("GET", "MGET", "SCAN", "TIME", "HGET", "HSCAN", "HDEL", "EXISTS", "XREVRANGE")
#: Seconds for which a program may run.
PROGRAM_PATIENCE: Final = 30.0


class Command(NamedTuple):
  """A command of Redis, which is answered as redis-py answers it. An error is raised at the `yield`."""

  words: Tuple[Union[str, bytes, int, float], ...]

  @property
  def is_repeatable(self) -> bool:
    return self.words[0] in _REPEATABLE

  @property
  def is_quick(self) -> bool:
    """Whether it is answered at once. Others wait on the server."""
    return self.words[0] != "BLPOP"


class Sleep(NamedTuple):
  seconds: float


class Hear(NamedTuple):
  """Waits until something is said on a channel, so many seconds at most. The first time returns at once, when the
  channel is subscribed to. Where that is not allowed, it is a sleep."""

  channel: bytes
  seconds: float


class Hold(NamedTuple):
  """Keeps other changes of this schedule by the same process waiting until the operation has ended.

  It saves work, and is not what keeps changes from being lost: between processes there is no such thing.
  """

  name: str


class Program(NamedTuple):
  """A program that is run to its end. It is answered by its exit status, standard output, and standard error."""

  words: Tuple[str, ...]
  environment: Dict[str, str]
  stdin: bytes


Word = Union[str, bytes, int, float]
Step = Union[Command, Sleep, Hear, Hold, Program]
Steps = Generator[Step, Any, T]


def command(*words: Word) -> Steps[Any]:
  return (yield Command(words))


class Script:
  """One of the daemon's scripts, from the very file that the daemon embeds, or one of the package's own."""

  def __init__(self, name: str, is_own: bool = False) -> None:
    folder = resources.files(__package__)
    folder = folder if is_own else folder.joinpath("scripts")
    self.source: Final = folder.joinpath(name + ".lua").read_bytes()
    self.digest: Final = hashlib.sha1(self.source).hexdigest()

  def __call__(self, keys: List[bytes], arguments: List[bytes]) -> Steps[List[Any]]:
    words: List[Word] = [len(keys), *keys, *arguments]
    try:
      reply = yield from command("EVALSHA", self.digest, *words)
    except NoScriptError:
      reply = yield from command("EVAL", self.source, *words)
    return list(reply)
