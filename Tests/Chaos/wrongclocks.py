"""The variant "clock": the clocks of daemons and Redis are set, slewed and put to sleep while they run. Redis' clock
decides what is early."""

import contextlib
import signal
import time

import clock
import dates
from faults import Fault
from model import Model
from servers import Redis
from stage import Stage

HOUR = 3600
WINDOW = 30  # seconds of the documents' catchup_window: after an hour's sleep not the whole hour is fired
# How many occurrences a schedule may be off after its daemons' clocks were wrong. Each daemon measures how much its
# clock was set, and each daemon may come to lead with its own measurement.
SLACK = 2

EDITS = {"blind": 3, "double": 2, "read": 3, "careful": 2}


class ClockModel(Model):
  """While a clock is wrong, due times are what that clock says. Three rules stay: nothing comes twice; nothing comes
  before Redis' clock allows it; and when all clocks are right again, as many occurrences have come as the time that has
  passed requires."""

  def __init__(self, *arguments):
    super().__init__(*arguments)
    self.is_disturbed = False  # whether a clock was wrong since the stage last settled
    self.slept = 0  # seconds of sleep since the stage last settled
    self.slept_through = []  # (entry, the newest occurrence that was skipped, the one fired instead)
    self.before = {}  # entry -> its base when the stage last settled
    self.runs = {}  # entry -> how often it was fired since then
    self.off_by = []  # the occurrences too many or too few of each disturbed entry

  def _advance(self, name, entry, due):
    self.runs[name] = self.runs.get(name, 0) + 1
    if not self.is_disturbed:
      return super()._advance(name, entry, due)
    entry.base = entry.fired = due

  def _check_gap(self, name, entry, due):
    if not self.slept:
      return super()._check_gap(name, entry, due)
    if entry.document["catchup"] == "latest":
      return  # Only the newest occurrence of the sleep is fired.
    self.slept_through.append((name, due - entry.schedule[0], due))

  def _mark(self, time, *rest):
    if any(isinstance(part, dict) and part.get("stepped") for part in rest):
      self.unfinished.clear()  # Between the two markers it is not known by which clock it was fired.
    for name, left_out, due in self.slept_through:
      # The fire that skipped it is older than this marker.
      if time - left_out < (WINDOW - 1) * 1_000_000:
        self.fail(1, f"{name} due {left_out} is missing, after a sleep; the next one was due {due}", name)
    self.slept_through.clear()
    super()._mark(time, *rest)

  def check_quiet(self, documents, since):
    super().check_quiet(documents, since)
    for name, entry in self.entries.items():
      before = self.before.get(name)
      if self.is_disturbed and before is not None and entry.runs:
        self._check_number(name, entry, before)
      self.before[name] = entry.base
    self.runs.clear()
    self.is_disturbed, self.slept = False, 0

  def _check_number(self, name, entry, before):
    expected = round((entry.base - before) / entry.schedule[0])
    came = self.runs.get(name, 0)
    slept = self.slept * 1_000_000 // entry.schedule[0]
    off_by = came - expected
    if not slept:
      self.off_by.append(off_by)
    if off_by > SLACK:
      self.fail(1, f"{name} was fired {came} times while {expected} intervals have passed, and clocks were wrong", name)
    if off_by < -SLACK - slept:
      self.fail(1, f"{name} was fired only {came} times while {expected} intervals have passed, and clocks were wrong", name)


class ClockStage(Stage):
  edits = EDITS
  Model = ClockModel

  def __init__(self, binaries, sources, space, folder, *rest):
    self.library = clock.build(folder)
    self.ahead = 0  # seconds by which all clocks are ahead of this machine's
    super().__init__(binaries, sources, space, folder, *rest)
    self.writer.extra = {"catchup_window": WINDOW}
    self.clocks = []
    for daemon in self.daemons:
      self.clocks.append(clock.Clock(self.library, folder / f"clock-{daemon.number}"))
      daemon.environment |= self.clocks[-1].environment

  def make_redis(self):
    redis = Redis(self.folder, durable=True)
    self.redis_clock = clock.Clock(self.library, self.folder / "clock-redis")
    redis.environment = self.redis_clock.environment
    return redis

  def put_right(self, number):
    self.clocks[number].put_right(self.ahead)

  def heal_servers(self):
    super().heal_servers()
    self.redis_clock.put_right(self.ahead)
    for number in range(len(self.clocks)):
      self.put_right(number)

  def settle(self, patience):
    # When Redis has called a fire early by an hour, the daemon tries again a minute later.
    return super().settle(max(patience, 75))

  @contextlib.contextmanager
  def stillness(self):
    """Stops the daemons and the writer for the block. The queue's markers show by which clock everything before and
    after it happened."""
    with self.writer.lock:
      processes = [daemon.process for daemon in self.daemons if daemon.is_alive]
      for process in processes:
        process.send_signal(signal.SIGSTOP)
      try:
        time.sleep(0.02)  # Requests that are on their way arrive.
        self.writer.attempt(self.writer.tick)
        yield
        self.writer.attempt(self.writer._edit, "tick", {"stepped": True})
      finally:
        for process in processes:
          process.send_signal(signal.SIGCONT)

  def move_all(self, action, seconds):
    """Moves the clocks of all machines, Redis' too, and the suite's own."""
    with self.stillness():
      self.ahead += seconds
      dates.slept += seconds * 1_000_000
      for each in self.clocks + [self.redis_clock]:
        action(each, seconds)


class ClockFault(Fault):
  weight = 3
  variants = ("clock",)

  @staticmethod
  def choose(r):
    return {"whom": r.choice(["it", "it", "another", "all"]), "lasts": r.random() < 0.25, "act_ms": r.choice([50, 400, 2500])}

  @property
  def numbers(self):
    everybody = range(len(self.stage.daemons))
    return {"it": [self.number], "another": [(self.number + 1) % len(everybody)], "all": everybody}[self.values["whom"]]

  def strike(self):
    self.stage.model.is_disturbed = True
    for number in self.numbers:
      self.go_wrong(self.stage.clocks[number])

  def heal(self):
    if not self.values["lasts"]:  # A lasting fault stays until everything is healed.
      for number in self.numbers:
        self.stage.put_right(number)


class Ahead(ClockFault):
  name = "clock: +1 h"

  def go_wrong(self, its):
    its.step(HOUR)


class Behind(ClockFault):
  name = "clock: -1 h"

  def go_wrong(self, its):
    its.step(-HOUR)


class FarAhead(ClockFault):
  name = "clock: year 2099"

  def go_wrong(self, its):
    its.step(4_070_908_800 - time.time())


class LittleAhead(ClockFault):
  name = "clock: +2 s"

  def go_wrong(self, its):
    its.step(2)


class LittleBehind(ClockFault):
  name = "clock: -2 s"

  def go_wrong(self, its):
    its.step(-2)


class Slewed(ClockFault):
  """The clock goes faster or slower by a twentieth, a hundred times more than NTP does, and back again."""
  name = "clock: slewed"

  @staticmethod
  def choose(r):
    return ClockFault.choose(r) | {"rate": r.choice([-50_000, 50_000]), "lasts": False, "act_ms": 400}

  def strike(self):
    self.began = time.monotonic()
    super().strike()

  def go_wrong(self, its):
    its.slew(self.values["rate"])

  def heal(self):
    lasted = time.monotonic() - self.began
    for number in self.numbers:
      self.stage.clocks[number].slew(-self.values["rate"])
    time.sleep(lasted)
    for number in self.numbers:
      self.stage.clocks[number].slew(0)


class Asleep(Fault):
  name = "asleep for an hour"
  weight = 1
  variants = ("clock",)

  def strike(self):
    self.stage.model.slept += HOUR
    self.stage.move_all(clock.Clock.sleep, HOUR)


class AllSet(Fault):
  """Daemons and Redis are on one machine, whose clock is set."""
  weight = 1
  variants = ("clock",)

  @staticmethod
  def choose(r):
    return {"act_ms": r.choice([50, 400, 2500])}

  def strike(self):
    self.stage.model.is_disturbed = True
    self.stage.move_all(clock.Clock.step, self.by)

  def heal(self):
    self.stage.move_all(clock.Clock.step, -self.by)


class AllAhead(AllSet):
  name = "clock of all: +1 h"
  by = HOUR


class AllBehind(AllSet):
  name = "clock of all: -1 h"
  by = -HOUR


class RedisSet(Fault):
  """Redis is on a machine of its own, whose clock is wrong."""
  weight = 1
  variants = ("clock",)

  @staticmethod
  def choose(r):
    return {"act_ms": r.choice([50, 400, 2500])}

  def strike(self):
    self.stage.model.is_disturbed = True
    with self.stage.stillness():
      self.stage.redis_clock.step(self.by)

  def heal(self):
    with self.stage.stillness():
      self.stage.redis_clock.step(-self.by)


class RedisAhead(RedisSet):
  name = "clock of redis: +1 h"
  by = HOUR


class RedisBehind(RedisSet):
  name = "clock of redis: -1 h"
  by = -HOUR


ALL = [
  Asleep, AllAhead, AllBehind, RedisAhead, RedisBehind, Ahead, Behind, FarAhead, LittleAhead, LittleBehind, Slewed]
