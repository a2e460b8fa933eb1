"""Runs one hostile set beside the victim."""

import dataclasses
import subprocess
import sys
import time

from arena import HERE, STOP_PATIENCE, Arena, Failed, spawn, summary_of
from measures import Meter


@dataclasses.dataclass
class Outcome:
  name: str
  item: str
  due: int = 0
  came: int = 0
  late: float = None  # milliseconds: p99 of the lateness on arrival
  pushed: float = None  # milliseconds: p99 of the lateness at the push, by Redis' clock
  cost: dict = dataclasses.field(default_factory=dict)
  fires: float = 0  # hostile fires a second
  stop: float = 0  # seconds until the slower daemon stopped
  wrong: list = dataclasses.field(default_factory=list)

  def line(self):
    def number(value, digits=0):
      return "-" if value is None else f"{value:,.{digits}f}"
    cost = {name: self.cost.get(name) for name in ("cpu", "peak", "log", "scripts")}
    return (f"{self.name:<34} {self.item:>3} {self.came:>3}/{self.due:<3} {number(self.late):>7} {number(self.pushed):>7} "
            f"{number(cost['cpu'] and cost['cpu'] * 100):>4} {number(cost['peak']):>6} {number(cost['log']):>11} "
            f"{number(cost['scripts']):>8} {number(self.fires):>7} {number(self.stop, 1):>5}  "
            + ("ok" if not self.wrong else "FAILED: " + "; ".join(self.wrong[:3])))


HEADING = (f"{'set':<34} {'no.':>3} {'victim':>7} {'late ms':>7} {'pushed':>7} {'cpu%':>4} {'MiB':>6} {'log B/s':>11} "
           f"{'scripts':>8} {'fires/s':>7} {'stop':>5}")


def run(hostile, binary, seed, seconds):
  """Starts everything, lets the set write for `seconds`, measures, and ends the daemons while the writes go on."""
  outcome = Outcome(hostile.name, hostile.item)
  try:
    with Arena(hostile.name.replace(" ", "-").replace(",", "").lower(), binary, hostile.options,
               hostile.same_database, two_servers=hostile.two_servers, rights=hostile.rights) as arena:
      _run(arena, hostile, outcome, seed, max(seconds, hostile.seconds))
      if outcome.wrong:
        outcome.wrong.append(f"logs: {arena.folder.relative_to(HERE.parents[1])}")
  except (Failed, OSError, EOFError) as error:
    outcome.wrong.append(f"the stage: {error}")
  return outcome


def _run(arena, hostile, outcome, seed, seconds):
  arena.start_daemons()
  arena.start_victim()
  arena.start_janitor(hostile.looks)
  attacks = [
    spawn([sys.executable, HERE / "attack.py", arena.redis.path, arena.store, seed, seconds + 60, name],
          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for name in hostile.parts or [hostile.name]]
  try:
    if hostile.disturb:
      time.sleep(3)
      hostile.disturb(arena)
      time.sleep(5)  # Until missed fires are made up for.
    meter = Meter(arena.daemons, arena.client)
    begin = time.time_ns() // 1000
    time.sleep(seconds)
    end = time.time_ns() // 1000
    outcome.cost = meter.read()
    outcome.fires = arena.janitor.taken / seconds
    for attack in attacks:
      if attack.poll():
        raise Failed("the attack has ended: " + "".join(attack.stderr.read().splitlines(True)[-3:]))
    wrong = outcome.wrong
    time.sleep(1)
    came, missing, twice = arena.lateness(begin, end)
    wrong += [f"the {d.name} has ended with status {d.process.poll()}" for d in arena.daemons if not d.is_alive]
    if hostile.check:
      wrong += hostile.check(arena)
    for daemon in [d for d in arena.daemons if d.is_alive]:
      took, status = daemon.stop(STOP_PATIENCE + 5)
      outcome.stop = max(outcome.stop, took)
      if status != 0 or took > STOP_PATIENCE + 0.5:
        wrong.append(f"after SIGTERM the {daemon.name} "
                     + (f"goes on after {took:.1f} s" if status is None else f"ends after {took:.1f} s with status {status}"))
  finally:
    for attack in attacks:
      attack.kill()
      attack.wait()
  outcome.due, outcome.came = len(came) + len(missing), len(came)
  outcome.late, outcome.pushed = summary_of(came)
  _judge(outcome, hostile, twice, arena.janitor.unreadable)


def _judge(outcome, hostile, twice, unreadable):
  wrong, cost = outcome.wrong, outcome.cost
  if unreadable:
    wrong.append(f"a worker cannot read what was sent: {', '.join(list(unreadable)[:3])}")
  if twice:
    wrong.append(f"{twice} of the victim's fires came twice")
  if hostile.is_victim_safe:
    if outcome.came < outcome.due:
      wrong.append(f"{outcome.due - outcome.came} of the victim's {outcome.due} fires are missing")
    # The reader may get no processor time, so the server's clock counts where it is known.
    late = outcome.late if outcome.pushed is None else outcome.pushed
    if late is not None and late > hostile.late:
      wrong.append(f"p99 of lateness {late:,.0f} ms, and {hostile.late:,} ms are allowed")
  for name, most, unit in (("peak", hostile.memory, "MiB resident"), ("log", hostile.log, "bytes of log a second")):
    if cost[name] > most:
      wrong.append(f"{cost[name]:,.0f} {unit}, and {most:,} are allowed")
  if hostile.cpu and cost["cpu"] > hostile.cpu:
    wrong.append(f"{cost['cpu'] * 100:,.0f} % of a processor, and {hostile.cpu * 100:,.0f} % are allowed")
  if hostile.scripts and cost["scripts"] > hostile.scripts:
    wrong.append(f"{cost['scripts']:,.0f} scripts a second, and {hostile.scripts:,} are allowed")
