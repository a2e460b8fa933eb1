"""Tells each lie to one daemon. The daemon must live, wait between attempts, keep its memory, and go on when the lie
has ended."""

import subprocess
import sys
import time

from arena import HERE, STOP_PATIENCE, Arena, Failed, wait_until
from lies import ALL
from measures import Meter

MEMORY = 420  # MiB: a reply may have 256 MiB, and is read into a buffer that doubles
CONNECTIONS = 30  # a second
LOG = 64_000  # bytes a second


class Liar:
  """The process between a daemon and its Redis."""

  def __init__(self, arena):
    # `spawn` closes the input, by which this process tells it what to do.
    self.process = subprocess.Popen(
      ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, str(HERE / "liar.py"), arena.redis.path],
      stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True)
    self.url = f"redis://127.0.0.1:{int(self.process.stdout.readline())}/%d"

  def say(self, *words):
    self.process.stdin.write(" ".join(words) + "\n")
    self.process.stdin.flush()

  @property
  def connections(self):
    self.say("count")
    return int(self.process.stdout.readline())

  def end(self):
    self.process.kill()
    self.process.wait()
    self.process.stdin.close()
    self.process.stdout.close()


HEADING = f"{'lie':<40} {'connects/s':>10} {'cpu%':>4} {'MiB':>6} {'log B/s':>9} {'back after':>10}"


def run(binary, seconds, chosen, tell):
  """Returns how many lies have failed. Each is told for `seconds` to a fresh daemon."""
  failures = 0
  with Arena("lies", binary, has_standby=False) as arena:
    liar = Liar(arena)
    try:
      arena.start_daemons((liar.url, None))
      arena.start_victim(', "catchup": "all"')
      for lie in chosen:
        line, wrong = _tell(arena, liar, lie, seconds)
        failures += bool(wrong)
        tell(f"{line}  " + ("ok" if not wrong else "FAILED: " + "; ".join(wrong)))
        arena.restart()
      failures += _end(arena, tell)
    except Failed as error:
      failures += 1
      tell(f"FAILED: {error}")
    finally:
      liar.end()
  return failures


def _tell(arena, liar, lie, seconds):
  daemon, wrong = arena.daemons[0], []
  meter, connections = Meter([daemon], arena.client), liar.connections
  liar.say("lie", lie.name)
  time.sleep(seconds)
  cost, rate = meter.read(), (liar.connections - connections) / seconds
  liar.say("truth")
  begin, known = time.monotonic(), len(arena.reader.arrivals)
  # Bytes that were sent before may still be on their way.
  is_back = lambda: not daemon.is_alive or len(arena.reader.arrivals) > known + 1  # noqa: E731
  try:
    wait_until(is_back, 30, "it fires again")
  except Failed as error:
    wrong.append(str(error))
  back = time.monotonic() - begin
  if not daemon.is_alive:
    wrong.append(f"it has ended with status {daemon.process.poll()}")
  if cost["peak"] > MEMORY:
    wrong.append(f"{cost['peak']:,.0f} MiB resident, and {MEMORY} are allowed")
  if rate > CONNECTIONS:
    wrong.append(f"{rate:,.0f} connections a second, and {CONNECTIONS} are allowed")
  if cost["log"] > LOG:
    wrong.append(f"{cost['log']:,.0f} bytes of log a second, and {LOG:,} are allowed")
  elif (end := daemon.stop(STOP_PATIENCE + 5)) and (end[1] != 0 or end[0] > STOP_PATIENCE + 0.5):
    wrong.append(f"after SIGTERM: {end[0]:.1f} s, status {end[1]}")
  if wrong:
    wrong += [line[:160] for line in daemon.lines(1)]
  return (f"{lie.name:<40} {rate:>10.1f} {cost['cpu'] * 100:>4.0f} {cost['peak']:>6.0f} {cost['log']:>9,.0f} {back:>9.1f}s",
          wrong)


def _end(arena, tell):
  """Checks the victim over all lies: each of its occurrences came once."""
  time.sleep(1)
  arrivals = arena.reader.arrivals
  begin = arena.phase
  end = int((time.time() - 1.5) * 1e6)
  _, missing, twice = arena.lateness(begin, end)
  tell(f"the victim: {len(arrivals)} messages, {twice} twice, {len(missing)} missing")
  return bool(missing or twice)


__all__ = ["ALL", "HEADING", "Liar", "run"]
