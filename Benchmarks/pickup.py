"""From the SET of a schedule that is due to its message at a blocked client: scripts/bench pickup.

The floor (Sources/pickup) is measured in turns with it. With 10,000 schedules it also compares the 10,000th edit with
the first. RedBeat looks every five seconds here. Its edits are made by its own classes, at any time between two looks.
"""

import peers
from scene import PREFIX, PROGRAMS, QUEUE, Bystanders, Scene, idle_documents, note
from stage import Failed, percentile

ROUND = 250  # Edits of one kind in a row, before the next kind.
ROW = 10_000


def seconds(options):
  own = sum(10 + count / 12_000 + options.edits / 500 for count in options.sizes["pickup"])
  return own + (6 * peer_edits(options) if options.peers else 0)


def peer_edits(options):
  return 3 if options.quick else 10


class Pickup:
  def __init__(self, scene, schedules):
    self.scene = scene
    self.schedules = schedules

  def edits(self, kind, first, count):
    """The nanoseconds of each edit."""
    place = ("2", "floor:", "floor", "new") if kind == "floor" else ("1", PREFIX, QUEUE, kind)
    lines = []
    self.scene.on_line = lambda program, line: program.name == "pickup" and lines.append(line)
    program = self.scene.start(
      "pickup", PROGRAMS / "pickup", "measure", self.scene.socket, *place, first, count, self.schedules)
    self.scene.finished("pickup ends", program, 120)
    if len(lines) != count:
      raise Failed("\n".join(lines[-5:]) or "pickup ended early")
    return [int(line) for line in lines]


def summary(durations):
  return {
    "count": len(durations), "p50_us": percentile(durations, 0.5) // 1000,
    "p99_us": percentile(durations, 0.99) // 1000, "max_us": max(durations) // 1000,
  }


def measure_count(scene, options, count):
  scene.begin()
  scene.load(idle_documents(count))
  scene.start_daemon()
  scene.settle()  # At the first start the watermarks of a million schedules are still being written.
  pickup = Pickup(scene, count)
  floor = scene.start("floor", PROGRAMS / "pickup", "floor", scene.socket, 2, "floor:", "floor")
  scene.wait("the floor's program is ready", lambda: "ready" in floor.lines, 10)
  kinds = {"floor": [], "new": [], "edit": []}
  for kind in kinds:
    pickup.edits(kind, 0 if kind == "edit" else 1_000_000, 20)  # Loads the scripts and warms the caches.
  bystanders = Bystanders(scene)
  for first in range(0, options.edits, ROUND):
    for kind, durations in kinds.items():
      durations += pickup.edits(kind, first, min(ROUND, options.edits - first))
  result = {kind: summary(durations) for kind, durations in kinds.items()}
  if count == ROW:
    result["row"] = measure_row(scene, pickup)
  left = scene.broker.llen(QUEUE)
  if left:
    raise Failed(f"{left} messages more than edits")
  result["others_share"] = bystanders.share()
  scene.end_daemon()
  return result


def measure_row(scene, pickup):
  note("10000 edits in a row, of schedules that exist")
  thousands, memory = [], scene.resident()
  for first in range(0, ROW, 1000):
    before = scene.processor()
    durations = pickup.edits("edit", first, 1000)
    thousands.append(summary(durations) | {"daemon_cpu_us_per_edit": (scene.processor() - before) // 1000 // 1000})
  return {
    "first": thousands[0], "last": thousands[-1], "all": thousands, "resident_before": memory,
    "resident_after": scene.resident()}


def measure_redbeat(scene, options):
  program = peers.start(scene, "redbeat")
  lines = peers.entries(scene, "pickup", peer_edits(options), seconds=30 + 30 * peer_edits(options))
  peers.end(scene, program)
  return summary([int(line) for line in lines[-peer_edits(options):]])


def measure(options):
  result = {"counts": {}, "redbeat": None}
  for count in options.sizes["pickup"]:
    note(f"pickup: {options.edits} edits of each kind with {count} schedules, in turns of {ROUND}")
    with Scene("pickup") as scene:
      result["counts"][count] = measure_count(scene, options, count)
  if options.peers:
    note(f"pickup: RedBeat, {peer_edits(options)} edits")
    result["redbeat"] = peers.measured("RedBeat", measure_redbeat, options)
  return result


def shown(part):
  return " / ".join(f"{part[key] / 1000:,.2f}" for key in ("p50_us", "p99_us", "max_us")) + " ms"


def rows(result):
  for count, part in result["counts"].items():
    peer = result["redbeat"] if count == min(result["counts"]) else None
    for kind, name in (("new", "a new one"), ("edit", "one that exists")):
      yield {
        "what": f"{count:,} loaded, SET of {name}: p50 / p99 / max", "ours": shown(part[kind]),
        "floor": shown(part["floor"]), "ratio": part[kind]["p50_us"] / part["floor"]["p50_us"],
        "redbeat": shown(peer) if peer and kind == "new" else None}
    for name, key in (("the first 1,000", "first"), ("the last 1,000", "last")):
      if "row" in part:
        yield {"what": f"10,000 in a row: {name}", "ours": shown(part["row"][key])}
    if "row" in part:
      yield {
        "what": "beat-watch's processor time for each of the last 1,000",
        "ours": f"{part['row']['last']['daemon_cpu_us_per_edit']} us"}
