"""The variant "clock": clocks are set, slewed and put to sleep under daemons and Redis while they run. Redis' clock is
the one that counts: it says what is early."""

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
WINDOW = 30  # seconds: the documents' catchup_window, so that after an hour's sleep not the whole hour is fired
# By how many occurrences a schedule may be off after its daemons' clocks were wrong. Each daemon measures by how much its
# clock was set, and each of them may come to fire with what it has measured.
SLACK = 2

EDITS = {"blind": 3, "double": 2, "read": 3, "careful": 2}


class ClockModel(Model):
  """While a clock is wrong, due times are what that clock says. What stays: nothing comes twice, nothing before Redis'
  clock says so, and when all clocks are right again, as many have come as time has passed."""

  def __init__(self, *arguments):
    super().__init__(*arguments)
    self.is_disturbed = False  # since it was last quiet
    self.slept = 0  # seconds, since it was last quiet
    self.slept_through = []  # (entry, the newest occurrence that was left out, the one that was fired instead)
    self.before = {}  # entry -> what it was counted from when it was last quiet
    self.runs = {}  # entry -> how often it was fired since then
    self.off_by = []  # occurrences too many or too few, of all that were disturbed

  def _advance(self, name, entry, due):
    self.runs[name] = self.runs.get(name, 0) + 1
    if not self.is_disturbed:
      return super()._advance(name, entry, due)
    entry.base = entry.fired = due

  def _check_gap(self, name, entry, due):
    if not self.slept:
      return super()._check_gap(name, entry, due)
    if entry.document["catchup"] == "latest":
      return  # Only the newest of what was slept through.
    self.slept_through.append((name, due - entry.schedule[0], due))

  def _mark(self, time, *rest):
    if any(isinstance(part, dict) and part.get("stepped") for part in rest):
      self.unfinished.clear()  # Between the two markers nobody can tell by which clock it was fired.
    for name, left_out, due in self.slept_through:
      # The fire that left it out is older than this marker.
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
    self.ahead = 0  # seconds by which the clocks of all are ahead of this machine's
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
    # What Redis has called early by an hour is tried again a minute later.
    return super().settle(max(patience, 75))

  @contextlib.contextmanager
  def stillness(self):
    """Nothing happens meanwhile, and the queue tells by which clock everything before and after it happened."""
    with self.writer.lock:
      processes = [daemon.process for daemon in self.daemons if daemon.is_alive]
      for process in processes:
        process.send_signal(signal.SIGSTOP)
      try:
        time.sleep(0.02)  # What is on its way arrives.
        self.writer.attempt(self.writer.tick)
        yield
        self.writer.attempt(self.writer._edit, "tick", {"stepped": True})
      finally:
        for process in processes:
          process.send_signal(signal.SIGCONT)

  def move_all(self, action, seconds):
    """All machines, Redis' too, and everybody who looks at a clock."""
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
    if not self.values["lasts"]:  # Else until all is healed.
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
  """Faster or slower by a twentieth, which is a hundred times more than NTP does, and back again."""
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
  """Daemons and Redis are on one machine, and somebody sets its clock."""
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
  """Redis is on a machine of its own, and its clock is wrong."""
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
