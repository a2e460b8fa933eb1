"""What the queue must contain. The model replays the queue's own order of edits and fires: each fire must be the next
occurrence of the document that was stored at that moment."""

import base64
import collections
import copy
import json

from dates import microseconds, task_id

LEAD = 50_000  # microseconds by which a fire may be ahead of Redis' clock
GRACE = 10_000_000  # microseconds after which an occurrence counts as missed, and the document's catch-up rule decides

_BOOKKEEPING = ("last_run_at", "total_run_count", "run_immediately")


def users_part(document):
  return {key: item for key, item in document.items() if key not in _BOOKKEEPING}


class Entry:
  """The history of one key."""

  def __init__(self):
    self.is_alive = False
    self.document = None  # the newest document, as the user wrote it
    self.schedule = None  # (microseconds, enabled); kept when the document is deleted
    self.base = None  # the due time from which the next is counted: the newest fired, or a newer last_run_at
    self.fired = None  # the newest due time that was fired
    self.is_fresh = False  # the base is when a daemon first sees it, which the model cannot know
    self.is_remade = False  # made again since its newest run: some daemons may take it for new
    self.is_vague = False  # daemons may count from different times, until the stage has settled
    self.earliest = 0  # if it is fresh: no occurrence can be due before this
    self.made = 0  # when it became fresh
    self.was_rescheduled = False  # whether its schedule has changed since the stage last settled
    self.changes = 0  # schedule changes since the newest run; each may go on where the one before ended
    self.paces = set()  # us; the intervals that were replaced since the newest run
    self.may_skip = False  # its schedule has changed, and begins after a daemon has seen it
    self.counts = {0}  # the possible total_run_count; None: unknown, some daemon may remember the count from before
    self.counted = {0}  # the possible counts when it last ran
    self.given = {0}  # the counts written by users since then, which a daemon may have seen or not
    self.was_flushed = False
    self.history = collections.deque(maxlen=30)  # for a report

  @property
  def runs(self):
    return self.is_alive and self.schedule[1]


class Model:
  def __init__(self, ledger, space, forgives_late_edits=False):
    self.forgives_late_edits = forgives_late_edits
    self.ledger = ledger
    self.space = space
    self.entries = {}
    self.seen = set()  # task ids
    self.violations = []
    self.told = set()  # entries whose history was shown in a failure
    self.unfinished = []  # (entry, due) of fires since the last marker: they may turn out to be early
    self.left_out = []  # (entry, missing due time, next one fired) since the last marker: is it too old to be fired?
    self.time = 0  # the time of the last marker
    self.epoch = 0  # the newest epoch; no later fire may have a smaller one
    self.fires = self.edits = 0
    self.lateness = []
    self.optional = set()  # task ids that were fired and then forgotten by the server: they may come once more
    self.repeats = 0

  def fail(self, rule, text, entry=None):
    if entry in self.entries and entry not in self.told:
      self.told.add(entry)
      text += "".join(f"\n      {line}" for line in self.history(entry))
    self.violations.append(f"rule {rule}: {text}")

  def history(self, name):
    """The last edits, fires and watermarks of an entry."""
    def time(line):
      return int(line.split()[0].rstrip("+"))
    lines = list(self.entries[name].history)
    first = time(lines[0]) if lines else 0
    return sorted(lines + [line for line in self.ledger.anchors_of(name) if time(line) > first], key=time)

  def replay(self, items):
    """Replays items of the queue, the oldest first."""
    for item in items:
      if item.startswith(b"M"):
        head, _, document = item.partition(b"\n")
        time, lease, about = head[1:].split(b" ", 2)
        self._mark(int(time), lease.decode(), json.loads(about), document)
      else:
        self._fire(json.loads(item))

  # --- edits ---

  def _mark(self, time, lease, about, document):
    for name, due in self.unfinished:
      if due > time + LEAD:
        self.fail(2, f"{name} due {due} was fired {due - time} us early", name)
    self.unfinished.clear()
    for name, due, following in self.left_out:
      # The fire that skipped it is older than this marker.
      if time - due <= GRACE:
        self.fail(1, f"{name} due {due} is missing; the next one that was fired was due {following}", name)
    self.left_out.clear()
    self.time = time
    if lease != "-":
      self.epoch = max(self.epoch, int(lease.rpartition(":")[2]))
    kind = about["kind"]
    if kind == "tick":
      return
    self.edits += 1
    for name in {about.get("entry"), about.get("from"), about.get("to")} - {None}:
      text = {"set": document.decode(), "rename": f"{about.get('from')} to {about.get('to')}"}.get(kind, "")
      self._entry(name).history.append(f"{time} {kind} {text}")
    if kind == "set":
      self._set(about["entry"], json.loads(document))
    elif kind == "del":
      self._entry(about["entry"]).is_alive = False
    elif kind == "rename":
      source = self._entry(about["from"])
      source.is_alive = False
      # At this moment no other key has these bytes: the document is the one that was set, with its runs.
      self._set(about["to"], json.loads(document))
    elif kind == "flush":
      self.epoch = 0
      for entry in self.entries.values():
        entry.is_alive = False
        entry.was_flushed = True
        entry.history.append(f"{time} flush")
        entry.counts = entry.base = entry.fired = None
        entry.is_fresh = False

  def _entry(self, name):
    if name not in self.entries:
      self.entries[name] = Entry()
    return self.entries[name]

  def _set(self, name, document):
    entry = self._entry(name)
    schedule = (document["interval"]["every"] * 1000, document["enabled"])
    is_known = entry.schedule is not None
    last, count = microseconds(document.get("last_run_at")), document.get("total_run_count", 0)
    most = entry.counts and {max(known, count, given) for known in entry.counted for given in entry.given}
    entry.given.add(count)
    # A date was given by a user and disappears before the schedule ran by it: only some daemons remember it. (The
    # leading daemon decides what the schedule is counted from, so that `is_vague` limits what is checked.)
    has_gone = entry.base is not None and entry.base != entry.fired and (last or 0) < entry.base
    if last is not None and (not is_known or last > self.time):
      entry.base, entry.is_fresh = max(entry.base or last, last), False
    elif last is None and (not entry.is_alive or entry.is_remade) or has_gone and not entry.is_fresh:
      every = 0 if document.get("run_immediately") else schedule[0]
      entry.base, entry.is_fresh, entry.earliest = entry.fired, True, 0 if is_known else self.time + every
      entry.made = self.time
      entry.is_vague = entry.is_vague or has_gone
    elif last is not None and not entry.is_fresh:
      if entry.may_skip and last > (entry.base or last):
        entry.changes += 1  # The leader may have begun again after this date, at the edit before.
      entry.base = max(entry.base or last, last)
    elif last is not None:
      # The document replaces one that no daemon has seen, and may be counted from its own date.
      entry.earliest = min(entry.earliest, last + schedule[0])
    if not entry.is_alive or entry.was_flushed or not is_known:
      # The document was made again. For a daemon that has not noticed the deletion it is a change of the old document.
      most = {count} if not is_known else None
    if document.get("run_immediately") and not entry.is_fresh:
      entry.is_fresh = True
    is_changed = is_known and schedule != entry.schedule
    if entry.is_vague:
      most = None
    entry.may_skip = entry.may_skip or is_changed
    entry.changes += is_changed
    if is_changed:
      entry.paces.add(entry.schedule[0])
      entry.earliest = min(entry.earliest, entry.made + schedule[0])
    entry.was_rescheduled = entry.was_rescheduled or is_changed
    entry.counts = most
    entry.was_flushed = False
    entry.is_remade = entry.is_remade or is_known and not entry.is_alive
    entry.schedule = schedule
    entry.document = document
    entry.is_alive = True

  # --- fires ---

  def _fire(self, message):
    task = message["headers"]["id"]
    revision = json.loads(base64.b64decode(message["body"]))[1]["revision"]
    calls = self.ledger.of(task)
    if not calls:
      return self.fail(3, f"nobody has asked for the message with the id {task}")
    name, due = calls[0].entry, calls[0].due
    self.fires += 1
    self.unfinished.append((name, due))
    if task_id(self.space, name, due) != task:
      self.fail(3, f"the id {task} does not follow from {name} and {due}")
    self._check_epoch(name, due, calls)
    if calls[0].answered_at:
      self.lateness.append(calls[0].answered_at - due)
    if task in self.seen:
      if task not in self.optional:
        return self.fail(3, f"{name} due {due} is in the queue twice ({task})", name)
      self.optional.discard(task)
      self.repeats += 1
    self.seen.add(task)
    entry = self._entry(name)
    tokens = ", ".join(f"daemon {call.daemon} epoch {call.epoch} {call.answer}" for call in calls)
    entry.history.append(f"{self.time}+ fired due {due} revision {revision} count {calls[0].count} ({tokens})")
    if not entry.runs:
      return self.fail(1, f"{name} due {due} was fired, and the document is {'disabled' if entry.is_alive else 'deleted'}", name)
    if revision != entry.document["kwargs"]["revision"]:
      self.fail(1, f"{name} due {due} was fired with revision {revision}, and another one stood there: "
                f"{entry.document['kwargs']['revision']}", name)
    self._advance(name, entry, due)
    if entry.counts is None:
      return
    entry.counts = {count + 1 for count in entry.counts}
    counts = {call.count for call in calls}
    if not counts & entry.counts:
      self.fail(4, f"{name} due {due} was counted as run {sorted(counts)}, expected {sorted(entry.counts)}", name)
      entry.counts = set(counts)
    entry.counts &= counts
    entry.counted, entry.given = set(entry.counts), {0}

  def _advance(self, name, entry, due):
    every = entry.schedule[0]
    if entry.is_vague:
      if entry.fired is not None and due <= entry.fired:
        self.fail(1, f"{name} due {due} comes after {entry.fired}, which was fired already", name)
    elif entry.is_fresh:
      if due < entry.earliest - 1000 or entry.base is not None and due <= entry.base:
        self.fail(1, f"{name} due {due} is {entry.earliest - due} us before it can be due at first", name)
    else:
      ahead = due - entry.base
      if ahead <= 0:
        self.fail(1, f"{name} due {due} comes after {entry.base}, which was fired already", name)
      elif ahead % every and entry.changes < 2 and not self._goes_on(name, entry, due):
        self.fail(1, f"{name} due {due} is off its series: {entry.base} and every {every} us", name)
      elif ahead != every and not entry.may_skip and not (self.forgives_late_edits and entry.was_rescheduled):
        self._check_gap(name, entry, due)
    entry.base = entry.fired = due
    entry.changes = 0
    entry.paces = set()
    entry.is_fresh = entry.may_skip = entry.is_remade = False

  def _goes_on(self, name, entry, due):
    """Whether a run is in step with a watermark that was in step with the interval before: a date that a client has put
    back lets a daemon skip what was missed, and its watermark is what the next interval is counted from."""
    return any(
      (due - mark) % entry.schedule[0] == 0 and any((mark - entry.base) % pace == 0 for pace in entry.paces)
      for mark in self.ledger.anchored_at(name) if entry.base < mark < due)

  def _check_gap(self, name, entry, due):
    every = entry.schedule[0]
    missing = [
      time for time in range(entry.base + every, due, every)
      if task_id(self.space, name, time) not in self.seen]  # Others were fired before the server forgot them.
    if not missing:
      return
    if entry.document["catchup"] == "latest":
      # If the first is too old to be fired, only the newest of all due times is fired.
      self.left_out.append((name, missing[0], due))
    else:
      self.fail(1, f"{name} due {missing[0]} and {len(missing) - 1} more are missing; the next one that was fired was "
                f"due {due}", name)

  def _check_epoch(self, name, due, calls):
    epochs = [call.epoch for call in calls if call.epoch is not None]
    if not epochs:
      return
    if max(epochs) < self.epoch:
      self.fail(3, f"{name} due {due} was fired with the lease's epoch {max(epochs)} when another daemon had "
                f"taken it, with {self.epoch}", name)
    self.epoch = max(self.epoch, min(epochs))

  # --- quiet ---

  def check_quiet(self, documents, since):
    """Checks a quiet stage. `documents`: the stored documents at the end of the replayed queue; `since`: when the stage
    was healed."""
    for name, entry in self.entries.items():
      entry.is_vague = entry.was_rescheduled = entry.is_remade = False
      if not entry.is_alive:
        if name in documents:
          self.fail(4, f"{name} stands there, and was deleted", name)
        continue
      document = documents.get(name)
      if document is None:
        self.fail(4, f"{name} is gone, and nobody has deleted it", name)
        continue
      if users_part(document) != users_part(entry.document):
        self.fail(4, f"{name}: {users_part(document)} stands there, and the user wrote {users_part(entry.document)}", name)
      if not entry.runs:
        continue
      last = microseconds(document.get("last_run_at"))
      if last != entry.base:
        self.fail(4, f"{name}: last_run_at is {last}, and the newest occurrence fired was due {entry.base}", name)
      if entry.counts is None:
        entry.counts = {document.get("total_run_count")}
        entry.counted, entry.given = set(entry.counts), {0}
      if document.get("total_run_count") not in entry.counts:
        self.fail(4, f"{name}: total_run_count is {document.get('total_run_count')}, expected {sorted(entry.counts)}", name)
      if entry.base is None or entry.base + entry.schedule[0] <= since:
        self.fail(1, f"{name} is behind: {entry.base}, every {entry.schedule[0]}, at {since}", name)

  # --- a server that forgets ---

  def remember(self):
    return copy.deepcopy((self.entries, self.epoch)), set(self.seen), set(self.optional)

  def roll_back(self, memory):
    """The server has its earlier state again. Messages taken from the queue since then may come once more."""
    (entries, epoch), seen, optional = memory
    self.entries, self.epoch = copy.deepcopy(entries), epoch
    # Messages that could come once more when that state was saved can do so again.
    self.optional = optional | self.seen - seen
    self.unfinished.clear()
    self.left_out.clear()
