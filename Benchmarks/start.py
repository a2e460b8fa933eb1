"""From exec to `ready`, and the memory of each schedule: scripts/bench start.

The very first start also writes a watermark for each schedule, and is shown by itself; later starts find the
watermarks. The floor reads the same documents by SCAN and MGET, sends each request before the last reply has come, and
keeps nothing.
"""

import statistics

from scene import PREFIX, PROGRAMS, Scene, idle_documents, note

ROUNDS = 3


def seconds(options):
  return sum(6 + count / 11_000 + rounds(options) * (4 + count / 45_000) for count in options.sizes["start"])


def rounds(options):
  """How many starts are measured: the very first one, and those after it."""
  return 2 if options.quick else 1 + ROUNDS


def measure_count(scene, options, count):
  scene.begin()
  number, size = scene.load(idle_documents(count))
  ready, floors = [], []
  for _ in range(rounds(options)):
    floors.append(floor(scene))
    scene.start_daemon()
    ready.append(scene.ready_after)
    scene.settle()
    result = {
      "peak_bytes": 1024 * scene.status("VmHWM"), "settled_bytes": scene.resident(),
      "settled_anonymous_bytes": 1024 * scene.status("RssAnon"),
    }
    scene.end_daemon()
  return result | {
    "document_bytes": round(size / max(1, number)), "first_ready_s": round(ready[0], 3),
    "ready_s": round(statistics.median(ready[1:]), 3), "floor_s": round(statistics.median(floors), 3),
    "all_ready_s": [round(one, 3) for one in ready]}


def floor(scene):
  program = scene.start("floor", PROGRAMS / "floor", "load", scene.socket, 1, f"{PREFIX}*")
  return int(scene.finished("the floor ends", program, 120)[-1].split()[0]) / 1e9


def measure(options):
  with Scene("start") as scene:
    scene.begin()
    scene.start_daemon()
    scene.settle()
    empty = scene.resident()
    scene.end_daemon()
  result = {"empty_bytes": empty, "counts": {}}
  for count in options.sizes["start"]:
    note(f"start: {count} documents, {rounds(options)} times")
    with Scene("start") as scene:
      part = measure_count(scene, options, count)
    part["bytes_per_schedule"] = round((part["settled_bytes"] - empty) / count)
    result["counts"][count] = part
  return result


def rows(result):
  for count, part in result["counts"].items():
    yield {
      "what": f"{count:,} documents: start to ready", "ours": f"{part['ready_s']:.2f} s",
      "floor": f"{part['floor_s']:.2f} s", "ratio": part["ready_s"] / part["floor_s"]}
    yield {"what": "the very first start, which writes the marks", "ours": f"{part['first_ready_s']:.2f} s"}
    yield {
      "what": "memory: settled, peak; for each schedule (its document)",
      "ours": f"{part['settled_bytes'] / 2**20:,.0f} MiB, {part['peak_bytes'] / 2**20:,.0f} MiB; "
      f"{part['bytes_per_schedule']:,} bytes ({part['document_bytes']})"}
