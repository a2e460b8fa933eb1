"""Schedules of one second, for half a minute: scripts/bench steady.

It measures the share of the occurrences due in the window that reached the queue, and how late they were. The due time
of each message is known exactly, since the task id is made from it (History); the watch saw when the message came.
beat-watch's documents have a last_run_at that spreads them evenly over the second; `burst` measures them all due at one
instant.

The peers' messages have no due time. Each schedule is measured against its own first message and the whole seconds
after it, so that a late start does not count against the peers.
"""

import datetime
import subprocess
import time

import peers
from history import History, arrivals, messages, task_id
from scene import PREFIX, PROGRAMS, QUEUE, Scene, note
from stage import Failed, percentile

SECOND = 1_000_000
WARM = 5  # Seconds before the window, in which occurrences due while loading are sent.
PEERS = {"redbeat": (200,), "celery beat": (200, 5000)}


def seconds(options):
  ours = sum(15 + options.window + count / 2000 for count in options.sizes["steady"])
  others = sum(1 for counts in PEERS.values() for count in counts if count in options.sizes["steady"])
  return ours + (others * (options.window + 15) if options.peers else 0)


def documents(count):
  began = time.time()
  for number in range(count):
    last = datetime.datetime.fromtimestamp(began - 1 + number / count, datetime.timezone.utc).isoformat()
    yield f"{PREFIX}tick:{number}", (
      f'{{"name": "tick:{number}", "task": "bench.{number}", "enabled": true, "args": [{number}], '
      f'"kwargs": {{"region": "north"}}, "interval": {{"every": 1, "period": "seconds"}}, "last_run_at": "{last}"}}')


def part(due, late):
  """Of `due` occurrences: how many came, and percentiles of their lateness in milliseconds."""
  figures = {name: round(percentile(late, share), 2) if late else None for name, share in (
    ("p50_ms", 0.5), ("p99_ms", 0.99), ("p999_ms", 0.999))}
  return {"due": due, "came": len(late), "share": len(late) / max(1, due)} | figures


def measure_ours(scene, options, count):
  scene.begin()
  scene.load(documents(count))
  history = History(scene)
  scene.start_daemon()
  scene.rest(WARM)
  start = time.time_ns() // 1000
  end = start + options.window * SECOND
  processor = scene.processor()
  scene.rest(options.window)
  processor = scene.processor() - processor
  scene.rest(1)
  skipped = any(" skipped " in line for line in scene.lines())
  scene.end_daemon()
  seen = history.end()
  return judged(scene, count, seen, start, end) | {
    "skipped": skipped, "daemon_share": round(processor / 1e9 / options.window, 2)}


def judged(scene, count, seen, start, end):
  late = [late for _, late in occurrences(scene, count, seen, start, end)]
  return part(len(late), [one for one in late if one is not None])


def occurrences(scene, count, seen, start, end):
  """Judges the messages. Returns each occurrence that was due from `start` to `end`: when, and how many milliseconds
  late it came, or None. Raises Failed if one was lost, came twice, or was early."""
  ids = [identifier for identifier, _ in messages(scene.broker, QUEUE)]
  came = dict(zip(ids, arrivals(seen, len(ids))))
  if len(came) != len(ids):
    raise Failed(f"{len(ids) - len(came)} of {len(ids)} messages came twice")
  marks = scene.store.hgetall(f"reactivebeat:{PREFIX}mark")
  found, result = 0, []
  for number in range(count):
    last, _, fired = marks[f"tick:{number}".encode()].decode().split("|")[:3]
    base, of_this = int(last), 0
    # When the daemon is overloaded, its newest fire may lie far behind the window's end, while occurrences go on being
    # due.
    newest = base + max(0, (end - base) // SECOND) * SECOND
    oldest = min(start, seen[0][0]) - 20 * SECOND
    for due in range(newest, oldest, -SECOND):
      arrival = came.get(task_id(f"tick:{number}", due)) if due <= base else None
      if start <= due < end:
        result.append((due, None if arrival is None else (arrival - due) / 1000))
      if arrival is None:
        continue
      of_this += 1
      if arrival < due:
        raise Failed(f"tick:{number} was sent {due - arrival} us early")
    if of_this != int(fired):
      raise Failed(f"tick:{number} was fired {fired} times by its watermark, and {of_this} of its messages are there")
    found += of_this
  if found != len(ids):
    raise Failed(f"{len(ids) - found} messages are of no occurrence")
  return result


def measure_peer(scene, options, name, count):
  if name == "redbeat":
    peers.entries(scene, "every", count)
  history = History(scene)
  program = peers.start(scene, name, count if name == "celery beat" else 0)
  scene.poll(f"{name} sends", lambda: scene.broker.llen(QUEUE) > 0, 60)
  scene.rest(options.window + 2)
  peers.end(scene, program)
  seen = history.end()
  tasks = [task for _, task in messages(scene.broker, QUEUE)]
  times = {}
  for task, arrival in zip(tasks, arrivals(seen, len(tasks))):
    times.setdefault(task, []).append(arrival)
  late, drifts = [], []
  for own in times.values():
    in_window = [arrival for arrival in own if arrival < own[0] + options.window * SECOND]
    late += [max(0, (arrival - own[0] - number * SECOND) / 1000) for number, arrival in enumerate(in_window)]
    if len(in_window) > 1:
      # How much longer than a second each of its seconds was.
      drifts.append(((in_window[-1] - own[0]) / (len(in_window) - 1) - SECOND) / 1000)
  return part(count * options.window, late) | {"drift_ms_per_run": round(percentile(drifts, 0.5) or 0, 3)}


def drift(options):
  """The microseconds that a schedule of one second is off after an hour, by the core alone on virtual time."""
  answer = subprocess.run([PROGRAMS / "core", "drift", "3600"], capture_output=True, text=True)
  if answer.returncode:
    raise Failed(answer.stdout + answer.stderr)
  return int(answer.stdout)


def measure(options):
  result = {"window_s": options.window, "drift_us_after_an_hour": drift(options), "ours": {}, "peers": {}}
  for count in options.sizes["steady"]:
    note(f"steady: {count} schedules of one second, {options.window} s")
    with Scene("steady") as scene:
      result["ours"][count] = measure_ours(scene, options, count)
    for name, counts in PEERS.items():
      if options.peers and count in counts:
        note(f"steady: {name}, {count} schedules")
        result["peers"].setdefault(name, {})[count] = peers.measured(name, measure_peer, options, name, count)
  return result


def rows(result):
  def shown(figures):
    if not figures:
      return None
    return f"{figures['share']:.1%}; " + " / ".join(
      "-" if figures[key] is None else f"{figures[key]:,.1f}" for key in ("p50_ms", "p99_ms", "p999_ms")) + " ms"

  for count, figures in result["ours"].items():
    others = {name: result["peers"].get(name, {}).get(count) for name in PEERS}
    yield {
      "what": f"{count:,} each second: delivered; late p50 / p99 / p99.9", "ours": shown(figures),
      "redbeat": shown(others["redbeat"]), "celery": shown(others["celery beat"])}
  count = min(result["ours"])

  def drifted(name):
    figures = result["peers"].get(name, {}).get(count)
    return f"{figures['drift_ms_per_run']:.2f} ms" if figures else None

  yield {
    "what": "drift (ours: after 3,600 simulated runs; theirs: at each run)",
    "ours": f"{result['drift_us_after_an_hour']} us",
    "redbeat": drifted("redbeat"), "celery": drifted("celery beat")}
