"""What is expected of each document, and the differences from celerybeat-mongo 0.2.0, each by its name. docs/semantics.md
explains them."""

from __future__ import annotations

from datetime import timezone
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

#: The old scheduler looks every five seconds. The rest is for a machine that has other things to do.
TICK = 5.0
SLACK = 3.0

DIFFERENCES = {
  "no _cls": "celerybeat-mongo leaves out documents without _cls",
  "phase": "an overdue interval runs at once; there it counts on from that run, here from its last_run_at",
  "enabled": "enabled again: what came due meanwhile runs at once there; here the next occurrence comes next",
  "run_immediately": "there it is taken back before it was looked at; here it runs once at once",
  "ignore_result": "the header is false where beat's own application knows the task; absent, the task decides",
  "dates in kwargsrepr": "a date in the text that Flower shows is a datetime there, and the JSON of it here",
  "expires": "a date has no offset there, and here that of UTC",
}


class Run(NamedTuple):
  """A message as the worker got it. Times count from the start of both schedulers."""

  at: float
  message: Dict[str, Any]
  #: For which time it was, by the history of the new one.
  due: Optional[float] = None


class Case(NamedTuple):
  name: str
  document: Dict[str, Any]
  old: List[Run]
  new: List[Run]
  #: When the documents were edited, and the minute that crontabs were set to.
  edited: float
  minute: float
  #: The time of the start, in seconds since 1970.
  start: float

  @property
  def every(self) -> float:
    interval = self.document["interval"]
    return float(interval["every"] * {"seconds": 1, "minutes": 60, "hours": 3600}[interval["period"]])

  @property
  def last(self) -> float:
    """When the document says that it has run, counted as `at`."""
    return float(self.document["last_run_at"].replace(tzinfo=timezone.utc).timestamp()) - self.start


def times(runs: List[Run]) -> str:
  return "[" + ", ".join(f"{run.at:.1f}" for run in runs[:12]) + (", …]" if len(runs) > 12 else "]")


def near(left: float, right: float, within: float = TICK + SLACK) -> bool:
  return abs(left - right) <= within


# Times.


def neither(case: Case) -> Iterator[str]:
  if case.old or case.new:
    yield "nobody should have run it"


def same_first(case: Case) -> Iterator[str]:
  if not case.old or not case.new or not near(case.old[0].at, case.new[0].at):
    yield "the first runs are not near each other"


def drifting(case: Case) -> Iterator[str]:
  """The old one counts each interval from when it sent the last."""
  if any(run.at < case.old[0].at + number * case.every - SLACK for number, run in enumerate(case.old)):
    yield "the old one is too early"


def exact(case: Case, base: float) -> Iterator[str]:
  """The new one's are due at the base and whole intervals, one after the other."""
  dues = [run.due for run in case.new if run.due is not None]
  if any(run.due is not None and run.at < run.due - 0.05 for run in case.new):
    yield "the new one is early"
  if any(abs((due - base + case.every / 2) % case.every - case.every / 2) > 0.002 for due in dues):
    yield f"the new one is not due every {case.every} s from {base:.3f}: {dues[:5]}"
  if dues != sorted(set(dues)):
    yield "the new one's are not in order"


def interval(case: Case) -> Iterator[str]:
  """First seen now: one interval later, and so on."""
  yield from same_first(case)
  yield from drifting(case)
  dues = [run.due for run in case.new if run.due is not None]
  if dues:
    yield from exact(case, dues[0])
    if not case.every <= dues[0] <= case.every + TICK + SLACK:
      yield "the new one's first is not one interval after it was first seen"


def phase(case: Case) -> Iterator[str]:
  """Overdue at the start."""
  yield from same_first(case)
  yield from drifting(case)
  yield from exact(case, case.last)


def at_the_minute(runs: List[Run], minute: float) -> bool:
  return any(minute <= run.at < minute + TICK + SLACK for run in runs)


def every_minute(case: Case) -> Iterator[str]:
  minutes = [[round((case.start + run.at) // 60) for run in runs] for runs in (case.old, case.new)]
  if minutes[0] != minutes[1] or not minutes[0]:
    yield f"minutes {minutes}"


def crontab(case: Case) -> Iterator[str]:
  """Set to a minute during the run."""
  for who, runs in (("old", case.old), ("new", case.new)):
    if len(runs) != 1 or not at_the_minute(runs, case.minute):
      yield f"the {who} one has not run once at the minute"


def overdue_crontab(case: Case) -> Iterator[str]:
  yield from same_first(case)
  for who, runs in (("old", case.old), ("new", case.new)):
    if len(runs) != 2 or not at_the_minute(runs[1:], case.minute):
      yield f"the {who} one has not run at the start and at the minute"


def enabled(case: Case) -> Iterator[str]:
  if not case.old or not case.edited <= case.old[0].at <= case.edited + 2 * TICK + SLACK:
    yield "the old one has not run at once when it was enabled"
  dues = [run.due for run in case.new if run.due is not None]
  if any(due < case.edited for due in dues):
    yield "the new one makes up for what came due while it was off"
  if dues:
    yield from exact(case, case.last if "last_run_at" in case.document else dues[0])
  if case.every < 30 and not case.new:
    yield "the new one has not run"


def run_immediately(case: Case) -> Iterator[str]:
  limit = case.document["max_run_count"]
  if len(case.old) != limit or len(case.new) != limit:
    yield f"{len(case.old)} and {len(case.new)} runs, not {limit}"
  elif not (case.new[0].at < TICK and case.old[0].at >= case.every and case.new[1].at > case.new[0].at):
    yield "not at once here, or at once there"


def left_out(new: Any) -> Any:
  """The old one has not run it, and the new one has as `new` says."""
  def check(case: Case) -> Iterator[str]:
    if case.old:
      yield "the old one has run a document without _cls"
    spaced = [run._replace(at=case.new[0].at + number * 1e6) for number, run in enumerate(case.new)]
    yield from new(case._replace(old=case.new if new in (overdue_crontab, crontab) else spaced))
  return check


#: name: (what is checked, the differences of its times, the differences of its messages)
EXPECTED: Dict[str, Any] = {
  "readme, raw: interval": (left_out(phase), ["no _cls"]),
  "readme, raw: crontab": (left_out(overdue_crontab), ["no _cls"]),
  "readme: interval": (phase, ["phase"]),
  "readme: crontab": (overdue_crontab, []),
  "0.2.0, made: Importing contacts": (enabled, ["enabled"]),
  "0.2.0, made: Send Email Notification": (crontab, []),
  "0.2.0, made: everything": (run_immediately, ["run_immediately"]),
  "0.2.0, made: disabled": (neither, []),
  "0.2.0, run: Importing contacts": (phase, ["phase"]),
  "0.2.0, run: Send Email Notification": (crontab, []),
  "0.2.0, run: everything": (neither, []),
  "0.2.0, run: disabled": (enabled, ["enabled"]),
  "newest: cron": (overdue_crontab, []),
  "newest: int": (phase, ["phase"]),
  "newest: raw": (left_out(interval), ["no _cls"]),
  "mongobeat: engine interval": (interval, []),
  "mongobeat: engine crontab": (every_minute, []),
  "mongobeat: beat interval": (left_out(phase), ["no _cls"]),
  "mongobeat: beat crontab": (left_out(crontab), ["no _cls"]),
  "mongobeat: beat five": (neither, []),
}


# Messages.


def messages(case: Case) -> Iterator[str]:
  """The differences between the first messages, by name, or as words where they are none of the table."""
  if not case.old or not case.new:
    return
  old, new = (dict(runs[0].message) for runs in (case.old, case.new))
  for field in sorted(old.keys() | new.keys() - {"at"}):
    left, right = old.get(field), new.get(field)
    if left == right or field == "at":
      continue
    if field == "ignore_result" and (left, right) == (False, None):
      yield "ignore_result"
    elif field == "kwargsrepr" and "datetime.datetime(" in str(left) and "__type__" in str(right):
      yield "dates in kwargsrepr"
    elif field == "expires" and right == f"{left}+00:00":
      yield "expires"
    else:
      yield f"{field}: {left!r} there, {right!r} here"


MESSAGES: Dict[str, List[str]] = {
  "0.2.0, made: everything": ["expires", "ignore_result", "dates in kwargsrepr"],
}
