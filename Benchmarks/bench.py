"""What scripts/bench runs when everything is built.

pickup  From the SET of a schedule that is due to its message in the hands of a client that was blocked on the queue;
        the floor beside it, in turns with it; and whether the 10,000th edit costs what the first did.
idle    What beat-watch takes while nothing is due: memory, wake-ups, processor time.
takeover
        How long nobody fires when the daemon that leads ends, or is killed (takeover.py).
disconnects
        Whether lost connections leave anything behind (disconnects.py).
soak    Hours with a fault every few seconds (soak.py).
storm   A million edits at full speed while a thousand schedules fire each second (storm.py).
"""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts/lib"))

import disconnects  # noqa: E402
import soak  # noqa: E402
import storm  # noqa: E402
import takeover  # noqa: E402
from stage import BEAT_WATCH, SERVER, Failed, Interrupted, Stage, clean_environment, percentile  # noqa: E402

PICKUP = HERE / ".build/release/pickup"
PREFIX = "tasks:meta:"
ROUND = 250  # Edits of one kind in a row, before another kind has its turn.


class Bench(Stage):
  """A Redis on a unix socket with idle schedules, and beat-watch on it at its default log level."""

  def begin(self, schedules):
    self.server = self.redis()
    self.socket = f"{self.folder}/redis.sock"
    note(f"{schedules} idle schedules")
    self.load(schedules)
    note("starting beat-watch")
    self.log = pathlib.Path(self.folder) / "beat-watch.log"
    self.log.touch()
    url = f"redis+socket://{self.socket}?virtual_host="
    # Its lines go to a file, as a service's do; a pipe would make their reader part of the measurement.
    self.daemon = self.start(
      "beat-watch", "sh", "-c", 'exec "$@" 2>"$0"', self.log, BEAT_WATCH, "run", "--store-url", f"{url}1",
      "--broker-url", f"{url}0", "--default-queue", "bench", env=clean_environment())
    began = time.monotonic()
    self.poll("beat-watch is ready", lambda: " ready " in self.log.read_text(), 60)
    self.ready_after = time.monotonic() - began

  def poll(self, what, condition, seconds):
    """As `wait`, for what no line tells."""
    deadline = time.monotonic() + seconds
    while not condition():
      if time.monotonic() > deadline:
        raise Failed(f"{what}: not within {seconds} s; beat-watch says:\n{self.log.read_text()[-2000:]}")
      self.until(lambda: False, 0.01)

  def load(self, count):
    """Half are intervals, half crontabs that are half a year away."""
    month = (datetime.date.today().month + 5) % 12 + 1
    commands = []
    for number in range(count):
      when = (
        '"interval": {"every": 300, "period": "days"}' if number % 2 else
        f'"crontab": {{"minute": "{number % 60}", "hour": "3", "day_of_week": "*", "day_of_month": "1", '
        f'"month_of_year": "{month}"}}')
      document = (
        f'{{"name": "idle:{number}", "task": "bench.idle", "enabled": true, {when}, "args": [{number}], '
        f'"kwargs": {{"region": "north"}}}}')
      commands.append(command("SET", f"{PREFIX}idle:{number}", document))
    answer = subprocess.run(
      ["redis-cli", "-s", self.socket, "-n", "1", "--pipe"], input="".join(commands), capture_output=True, text=True,
      start_new_session=True)
    if f"replies: {count}" not in answer.stdout:
      raise Failed(f"the schedules could not be loaded: {answer.stdout}{answer.stderr}")

  def pickup(self, kind, first, count):
    """Nanoseconds of each edit."""
    place = ("2", "floor:", "floor", "new") if kind == "floor" else ("1", PREFIX, "bench", kind)
    lines = []
    self.on_line = lambda program, line: program.name == "pickup" and lines.append(line)
    client = self.start("pickup", PICKUP, "measure", self.socket, *place, first, count)
    self.ending.add(client)
    self.wait("pickup ends", lambda: client.has_ended, 120)
    self.programs.remove(client)
    if client.process.wait() != 0 or len(lines) != count:
      raise Failed("\n".join(lines[-5:]) or "pickup ended early")
    return [int(line) for line in lines]

  def start_floor(self):
    floor = self.start("floor", PICKUP, "floor", self.socket, 2, "floor:", "floor")
    self.wait("the floor's program is ready", lambda: "ready" in floor.lines, 10)

  @staticmethod
  def redis_version():
    return subprocess.run([SERVER, "--version"], capture_output=True, text=True).stdout.split("v=")[1].split()[0]

  # What the kernel knows about the daemon.

  def resident(self):
    """Bytes. Most of what is not anonymous is the program itself, pages that the kernel can drop and read again."""
    return 1024 * self.status("VmRSS")

  def status(self, field, path="status"):
    text = pathlib.Path(f"/proc/{self.daemon.pid}/{path}").read_text()
    return int(next(line for line in text.splitlines() if line.startswith(field + ":")).split()[1])

  def wakeups(self):
    """How often a thread of it went to sleep and came back."""
    tasks = pathlib.Path(f"/proc/{self.daemon.pid}/task").iterdir()
    return sum(self.status("voluntary_ctxt_switches", f"task/{task.name}/status") for task in tasks)

  def processor(self):
    """Nanoseconds."""
    return int(pathlib.Path(f"/proc/{self.daemon.pid}/schedstat").read_text().split()[0])


class Bystanders:
  """What share of the processors other programs kept busy: a percentile means little where they do."""

  def __init__(self, bench):
    self.bench = bench
    self.start = self._read()

  def _read(self):
    busy = [int(part) for part in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    own = sum(os.times()[:4]) * os.sysconf("SC_CLK_TCK")
    for program in self.bench.programs:
      fields = pathlib.Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()
      own += int(fields[11]) + int(fields[12])
    return sum(busy), sum(busy) - busy[3] - busy[4] - own

  def share(self):
    all_before, others_before = self.start
    all_now, others_now = self._read()
    return round(max(0, others_now - others_before) / max(1, all_now - all_before), 2)


def command(*parts):
  return f"*{len(parts)}\r\n" + "".join(f"${len(part.encode())}\r\n{part}\r\n" for part in parts)


def note(text):
  print(f"bench: {text}", file=sys.stderr, flush=True)


def summary(durations):
  return {
    "count": len(durations), "p50_us": percentile(durations, 0.5) // 1000, "p99_us": percentile(durations, 0.99) // 1000,
    "max_us": max(durations) // 1000,
  }


def machine(bench, options):
  return {
    "redis": bench.redis_version(), "transport": "unix socket", "schedules": options.schedules,
    "cores": os.cpu_count(),
  }


def measure_pickup(bench, options):
  result = machine(bench, options)
  bench.begin(options.schedules)
  bench.start_floor()
  kinds = {"floor": [], "new": [], "edit": []}
  for kind in kinds:
    bench.pickup(kind, 0 if kind == "edit" else 1_000_000, 20)  # Scripts loaded, caches warm.
  note(f"{options.edits} edits of each kind, in turns of {ROUND}")
  bystanders = Bystanders(bench)
  for first in range(0, options.edits, ROUND):
    for kind, durations in kinds.items():
      durations += bench.pickup(kind, first, min(ROUND, options.edits - first))
  result |= {kind: summary(durations) for kind, durations in kinds.items()}
  for kind in ("new", "edit"):
    result[kind] |= {f"{p}_to_floor": round(result[kind][f"{p}_us"] / result["floor"][f"{p}_us"], 2) for p in ("p50", "p99")}

  note("10000 edits in a row, of schedules that exist")
  thousands = []
  memory = bench.resident()
  for first in range(0, 10_000, 1000):
    before = bench.processor()
    durations = bench.pickup("edit", first % options.schedules, 1000)
    thousands.append(summary(durations) | {"daemon_cpu_us_per_edit": (bench.processor() - before) // 1000 // 1000})
  result["row"] = {"first": thousands[0], "last": thousands[-1], "all": thousands}
  result["row"] |= {"resident_before": memory, "resident_after": bench.resident()}
  return result | {"others_share": bystanders.share()}


def show_pickup(result):
  print(
    f"Edit to message: Redis {result['redis']} on a {result['transport']}, {result['schedules']} idle schedules, "
    f"{result['cores']} cores")
  print(f"Other programs kept {result['others_share']:.0%} of the processors busy meanwhile.\n")
  print(f"{'':42}{'p50':>10}{'p99':>10}{'max':>10}")

  def row(name, part):
    print(f"{name:42}" + "".join(f"{part[key] / 1000:>7.3f} ms" for key in ("p50_us", "p99_us", "max_us")), end="")

  for name, kind in (("the floor: hear, GET, script, no thought", "floor"), ("SET of a new schedule", "new"),
                     ("SET of a schedule that exists", "edit")):
    row(f"{name}", result[kind])
    print(f"   {result[kind]['p50_to_floor']:.1f} x floor" if kind != "floor" else "")
  print()
  for name, part in (("10000 in a row: the first 1000", "first"), ("                the last 1000", "last")):
    row(name, result["row"][part])
    print(f"   {result['row'][part]['daemon_cpu_us_per_edit']} us of beat-watch's processor time each")
  print(f"\nresident memory before these 10000: {result['row']['resident_before'] / 2**20:.1f} MiB, "
        f"after: {result['row']['resident_after'] / 2**20:.1f} MiB")


def measure_idle(bench, options):
  result = machine(bench, options)
  bench.begin(options.schedules)
  result |= {"ready_after_ms": round(bench.ready_after * 1000)}
  quiet = [0.0, 0]  # Since when, and at how many wake-ups.

  def is_quiet():
    if bench.wakeups() > quiet[1] + 5:  # One pulse and a bit.
      quiet[:] = time.monotonic(), bench.wakeups()
    return time.monotonic() - quiet[0] > 1

  bench.poll("beat-watch is quiet", is_quiet, 60)
  note(f"watching it idle for {options.seconds} s")
  wakeups, processor = bench.wakeups(), bench.processor()
  bench.until(lambda: False, options.seconds)
  return result | {
    "seconds": options.seconds, "wakeups": bench.wakeups() - wakeups,
    "processor_us": (bench.processor() - processor) // 1000, "resident_bytes": bench.resident(),
    "anonymous_bytes": 1024 * bench.status("RssAnon"),
    "resident_peak_bytes": 1024 * bench.status("VmHWM"), "threads": bench.status("Threads"),
  }


def show_idle(result):
  rows = [
    ("wake-ups", result["wakeups"]), ("processor time", f"{result['processor_us']} us"),
    ("resident memory", f"{result['resident_bytes'] / 2**20:.1f} MiB, of which data "
     f"{result['anonymous_bytes'] / 2**20:.1f} MiB"),
    ("its peak, while loading", f"{result['resident_peak_bytes'] / 2**20:.1f} MiB"), ("threads", result["threads"]),
    ("ready after", f"{result['ready_after_ms']} ms"),
  ]
  print(f"beat-watch with {result['schedules']} idle schedules, Redis {result['redis']} on a {result['transport']}, "
        f"{result['seconds']} s\n")
  for name, value in rows:
    print(f"  {name:26}{value}")


def main():
  parser = argparse.ArgumentParser(prog="scripts/bench")
  parser.add_argument("what", choices=["pickup", "idle", "takeover", "disconnects", "storm", "soak"])
  parser.add_argument("--schedules", type=int)
  parser.add_argument("--edits", type=int)
  parser.add_argument("--names", type=int, default=100_000)
  parser.add_argument("--count", type=int, default=10_000)
  parser.add_argument("--limit", type=float, default=float("inf"))
  parser.add_argument("--audit-interval", type=int, default=30)
  parser.add_argument("--log-level", default="info")
  parser.add_argument("--seconds", type=int, default=10)
  parser.add_argument("--rounds", type=int, default=100)
  parser.add_argument("--kills", type=int, default=20)
  parser.add_argument("--lease-ttl", type=int, default=1)
  parser.add_argument("--hours", type=float, default=24)
  parser.add_argument("--seed", type=int)
  parser.add_argument("--json", action="store_true")
  options = parser.parse_args()
  is_storm = options.what == "storm"
  options.schedules = options.schedules or (1000 if is_storm else 10_000)
  options.edits = options.edits or (1_000_000 if is_storm else 1000)
  if options.what == "disconnects" and options.count < 400:
    parser.error("disconnects needs at least 400 to compare the first hundred with")
  if min(options.schedules, options.edits) < 1000 and options.what == "pickup":
    parser.error("pickup needs at least 1000 schedules and 1000 edits, or its percentiles mean nothing")
  whole = {"takeover": takeover, "disconnects": disconnects, "storm": storm, "soak": soak}.get(options.what)
  measure, show = (whole.measure, whole.show) if whole else {
    "pickup": (measure_pickup, show_pickup), "idle": (measure_idle, show_idle)}[options.what]
  try:
    if whole:
      result = measure(options, note, {"redis": Bench.redis_version()})
    else:
      with Bench(options.what) as bench:
        result = measure(bench, options)
  except Interrupted as interruption:
    return 128 + interruption.number
  except Failed as failure:
    note(failure)
    return 1
  if options.json:
    print(json.dumps(result))
  else:
    show(result)
  return 1 if result.get("problems") else 0


sys.exit(main())
