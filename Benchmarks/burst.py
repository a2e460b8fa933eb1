"""Many schedules that are due at the same instant: scripts/bench burst.

It measures the fires per second from the first to the last message on the queue, and how late the last one is. The
floor pipelines as many fires of the same bytes (Sources/floor), either one in a script or as many as beat-watch. The
schedules have an interval that is aligned to the wall clock, so that all of them are due together, again and again.
"""

import statistics
import time

import redis

import peers
from history import History, messages, rate, task_id
from scene import PREFIX, PROGRAMS, QUEUE, Scene, note
from stage import Failed

ROUNDS = {1000: 5, 10_000: 5, 100_000: 3}
PEER_COUNT = 1000
TOGETHER = 32  # Fires in one script, as beat-watch does it.
SECOND = 1_000_000


def period(count):
  """Seconds from one burst to the next: three times what a burst should take, and long enough for a slow machine."""
  return max(4, count // 3000)


def seconds(options):
  own = sum(20 + period(count) * (rounds(options, count) + 1.5) for count in options.sizes["burst"])
  return own + (60 if options.peers else 0)


def rounds(options, count):
  return 2 if options.quick else ROUNDS.get(count, 3)


def documents(count):
  for number in range(count):
    yield f"{PREFIX}tick:{number}", (
      f'{{"name": "tick:{number}", "task": "bench.{number}", "enabled": true, "args": [{number}], '
      f'"kwargs": {{"region": "north"}}, "interval": {{"every": {period(count)}, "period": "seconds", '
      f'"align": true}}}}')


def measure_count(scene, options, count):
  scene.begin()
  scene.load(documents(count))
  scene.start_daemon()
  every = period(count)
  # The first burst writes last_run_at into each document, and may have come while the documents were being loaded.
  first = (int(time.time() + 0.5) // every + 1) * every
  scene.poll("the first burst", lambda: time.time() > first and scene.broker.llen(QUEUE) >= count, every + 60)
  scene.rest(0.3)
  size = {"message": len(scene.broker.lindex(QUEUE, 0)), "document": scene.store.strlen(f"{PREFIX}tick:0")}
  scene.broker.delete(QUEUE)
  ours, late, floors = [], [], {TOGETHER: [], 1: []}
  for number in range(rounds(options, count)):
    due = (int(time.time()) // every + 1) * every
    history = History(scene)
    scene.poll(f"a burst of {count}", lambda: scene.broker.llen(QUEUE) >= count, every + 60)
    scene.rest(0.1)
    seen = history.end()
    scene.broker.rename(QUEUE, f"{QUEUE}:done")
    per_second, last = rate(seen, count)
    ours.append(per_second)
    late.append(last / 1000 - due * 1000)
    check(scene, count, due)
    for together, found in floors.items():
      # The floor must not run into the next burst.
      if due + every - time.time() > 1 + count / 10_000:
        found.append(floor(scene, count, together, size))
    note(f"burst of {count}: round {number + 1}, {per_second:,.0f} a second")
  scene.end_daemon()
  for together, found in floors.items():
    while len(found) < len(ours):
      found.append(floor(scene, count, together, size))
  return size | {
    "rounds": len(ours), "per_second": round(statistics.median(ours)),
    "floor_per_second": round(statistics.median(floors[TOGETHER])),
    "floor_one_by_one_per_second": round(statistics.median(floors[1])),
    "last_late_ms": round(statistics.median(late), 1), "all_per_second": [round(one) for one in ours],
  }


def check(scene, count, due):
  ids = [identifier for identifier, _ in messages(scene.broker, f"{QUEUE}:done")]
  expected = {task_id(f"tick:{number}", due * SECOND) for number in range(count)}
  if len(ids) != count or set(ids) != expected:
    raise Failed(
      f"of {count} occurrences {len(expected - set(ids))} are missing, {len(ids) - len(set(ids))} came twice, "
      f"{len(set(ids) - expected)} are of another time")
  scene.broker.delete(f"{QUEUE}:done")


def floor(scene, count, together, size):
  """The floor's fires per second."""
  history = History(scene, "floor", 2)
  program = scene.start(
    "floor", PROGRAMS / "floor", "burst", scene.socket, 2, "floor", count, together, size["document"],
    size["message"])
  scene.finished("the floor ends", program, 120)
  scene.rest(0.02)
  per_second, _ = rate(history.end(), count)
  redis.Redis(unix_socket_path=scene.socket, db=2).flushdb()
  return per_second


def measure_redbeat(scene, options):
  # The first burst is late enough for RedBeat to have its lock and its first look behind it.
  program = peers.start(scene, "redbeat")
  found, late = [], []
  for number in range(rounds(options, PEER_COUNT)):
    due = time.time() + peers.LOOP + 3
    peers.entries(scene, "due", PEER_COUNT, due, number * PEER_COUNT)
    if time.time() > due:
      raise Failed("RedBeat's schedules were written too late")
    history = History(scene)
    scene.poll("RedBeat's burst", lambda: scene.broker.llen(QUEUE) >= PEER_COUNT, 60)
    scene.rest(0.1)
    seen = history.end()
    if seen[-1][1] != PEER_COUNT:
      raise Failed(f"RedBeat has sent {seen[-1][1]} messages for {PEER_COUNT} schedules")
    per_second, last = rate(seen, PEER_COUNT)
    found.append(per_second)
    late.append(last / 1000 - due * 1000)
    scene.broker.delete(QUEUE)
  peers.end(scene, program)
  return {
    "count": PEER_COUNT, "per_second": round(statistics.median(found)),
    "last_late_ms": round(statistics.median(late), 1)}


def measure(options):
  result = {"counts": {}, "redbeat": None}
  for count in options.sizes["burst"]:
    note(f"burst: {count} schedules due at once, {rounds(options, count)} times")
    with Scene("burst") as scene:
      result["counts"][count] = measure_count(scene, options, count)
  if options.peers:
    note(f"burst: RedBeat, {PEER_COUNT} due at once")
    result["redbeat"] = peers.measured("RedBeat", measure_redbeat, options)
  return result


def rows(result):
  peer = result["redbeat"]
  for count, part in result["counts"].items():
    is_peer = peer and peer["count"] == count
    yield {
      "what": f"{count:,} due at one instant: fires a second", "ours": f"{part['per_second']:,}",
      "floor": f"{part['floor_per_second']:,}", "ratio": part["floor_per_second"] / part["per_second"],
      "redbeat": f"{peer['per_second']:,}" if is_peer else None}
    yield {
      "what": "the floor, one in each script", "ours": "", "floor": f"{part['floor_one_by_one_per_second']:,}"}
    yield {
      "what": "the last one's lateness", "ours": f"{part['last_late_ms']:,.0f} ms",
      "redbeat": f"{peer['last_late_ms']:,.0f} ms" if is_peer else None}
