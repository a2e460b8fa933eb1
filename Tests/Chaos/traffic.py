"""The kinds of the daemons' requests, and a ledger of the fires among them."""

import collections
import hashlib
import pathlib
import threading
import time

from dates import clock_now
from resp import arguments, value


class Scripts:
  """The daemon's Lua scripts, by the digest with which they are called."""

  def __init__(self, sources):
    """`sources`: the projects of all builds that run."""
    self.names = {
      hashlib.sha1(path.read_bytes()).hexdigest().encode(): path.stem
      for project in sources for path in pathlib.Path(project, "Sources").glob("*/Scripts/*.lua")
    }

  def kind(self, request):
    """The kind of a request: the name of its script, or of its command."""
    head = bytes(request[:96]).split(b"\r\n", 5)
    command = head[2].upper() if len(head) > 2 else b""
    if command == b"EVALSHA":
      name = self.names.get(head[4], "script")
    elif command == b"EVAL":
      name = self.names.get(hashlib.sha1(arguments(request)[1]).hexdigest().encode(), "script")
    else:
      name = command.decode(errors="replace").lower()
    return name


def entry_of_read(request):
  """The entry of a call of read.lua for one document; None for a call for several."""
  argv = arguments(request)
  argv = argv[3 + int(argv[2]):]
  return argv[1].decode() if len(argv) == 2 else None


def id_of_item(item):
  """The task id in an item of the outbox, which is netstrings: version, id, ...; "": it is no item, but what a daemon
  rehearses with."""
  size, colon, rest = item.partition(b",")[2].partition(b":")
  return rest[:int(size)].decode() if colon else ""


class Fire:
  """One occurrence in a call of fire.lua that passed the proxy: what was asked for, and what is known of the
  outcome."""

  __slots__ = ("daemon", "entry", "due", "task", "epoch", "count", "answer", "answered_at")

  def __init__(self, daemon, token, entry, mark):
    self.daemon = daemon
    self.entry = entry.decode()
    due, task, count = mark.split(b"|")[:3]
    self.due = int(due)
    self.task = task.decode()
    self.epoch = int(token.rsplit(b":", 1)[1]) if token else None
    self.count = int(count)
    self.answer = None
    self.answered_at = None


def fires_of(daemon, request):
  """All fires that one call of fire.lua asks for, in their order."""
  parts = arguments(request)
  keys = int(parts[2])
  argv = parts[3 + keys:]
  first, count = 7, keys - 3 - int(argv[6])
  width = (len(argv) - first) // count
  return [Fire(daemon, argv[0], *argv[at:at + 2]) for at in range(first, len(argv), width)]


class Ledger:
  """All fires that were asked for, by task id. The proxy's thread writes it, other threads read it."""

  def __init__(self):
    self.lock = threading.Lock()
    self.fires = collections.defaultdict(list)
    self.kept = {}  # task -> how many of its fires were asked for before `remember`
    self.removals = {}  # task -> [(seconds since 1970, daemon)]: who asked to take its item out of the outbox
    self.anchors = collections.deque(maxlen=2000)  # (microseconds, daemon, entry, watermark), for reports

  def sent(self, fire):
    with self.lock:
      self.fires[fire.task].append(fire)

  def answered(self, fires, reply):
    answers, _ = value(reply)
    if not isinstance(answers, list):
      answers = [str(answers)] * len(fires)
    for fire, answer in zip(fires, answers, strict=True):
      word = answer[0] if isinstance(answer, list) else answer
      fire.answer = word.decode() if isinstance(word, bytes) else word
      fire.answered_at = clock_now()

  def taken_out(self, daemon, request):
    """Records an LREM on the outbox."""
    task = id_of_item(arguments(request)[3])
    with self.lock:
      self.removals.setdefault(task, []).append((time.time(), daemon))

  def anchored(self, daemon, request):
    """Records a call of anchor.lua, for any number of schedules, or of rebase.lua, for one."""
    argv = arguments(request)
    keys = int(argv[2])  # rebase.lua has the lease as a second key.
    argv = argv[3 + keys:]
    marks = [(argv[0], argv[2])] if keys == 2 else zip(argv[::2], argv[1::2])
    with self.lock:
      for entry, mark in marks:
        self.anchors.append((clock_now(), daemon, entry.decode(), mark.decode()))

  def anchored_at(self, entry):
    """The dues of the watermarks that daemons have set without a run; microseconds."""
    with self.lock:
      return [int(mark[:20]) for _, _, name, mark in self.anchors if name == entry and mark[:20].isdigit()]

  def anchors_of(self, entry):
    with self.lock:
      return [f"{at} anchored at {mark} by daemon {daemon}" for at, daemon, name, mark in self.anchors if name == entry]

  def of(self, task):
    """The fires with this task id that may have been carried out."""
    with self.lock:
      fires = list(self.fires.get(task, ()))
    done = [fire for fire in fires if fire.answer == "OK"]
    return done or [fire for fire in fires if fire.answer is None] or fires

  def remember(self):
    """Notes that fires asked for until now may be in the state that the server has saved."""
    with self.lock:
      self.kept = {task: len(fires) for task, fires in self.fires.items()}

  def roll_back(self):
    """Drops the fires asked for since `remember`: the server has forgotten them."""
    with self.lock:
      self.fires = collections.defaultdict(
        list, {task: fires[:self.kept[task]] for task, fires in self.fires.items() if task in self.kept})

  def forget(self, before):
    """Drops the fires that were due before a time in microseconds, and what was taken out: they have been checked."""
    with self.lock:
      for task in [task for task, fires in self.fires.items() if fires[-1].due < before]:
        del self.fires[task]
      for task in [task for task, asked in self.removals.items() if asked[-1][0] * 1e6 < before]:
        del self.removals[task]
