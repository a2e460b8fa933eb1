"""What beat-watch needs while nothing is due: scripts/bench idle."""

import os

from scene import Scene, idle_documents, note


def seconds(options):
  return 12 + options.seconds


def commands(scene):
  """How many commands Redis has carried out, without this program's INFO."""
  statistics = scene.store.info("commandstats")
  return sum(int(part["calls"]) for name, part in statistics.items() if name != "cmdstat_info")


def measure(options):
  with Scene("idle") as scene:
    scene.begin()
    scene.load(idle_documents(options.schedules))
    scene.start_daemon()
    scene.settle()
    note(f"idle: watching it for {options.seconds} s")
    wakeups, processor, asked = scene.wakeups(), scene.processor(), commands(scene)
    scene.rest(options.seconds)
    result = {
      "schedules": options.schedules, "seconds": options.seconds, "wakeups": scene.wakeups() - wakeups,
      "processor_us": (scene.processor() - processor) // 1000, "commands": commands(scene) - asked,
      "resident_bytes": scene.resident(), "anonymous_bytes": 1024 * scene.status("RssAnon"),
      "resident_peak_bytes": 1024 * scene.status("VmHWM"), "threads": scene.status("Threads"),
      "ready_after_ms": round(scene.ready_after * 1000), "cores": os.cpu_count(),
    }
    scene.end_daemon()
  return result


def rows(result):
  minute = 60 / result["seconds"]
  yield {
    "what": f"idle with {result['schedules']:,}: processor time a minute",
    "ours": f"{result['processor_us'] / 1000 * minute:,.1f} ms"}
  yield {"what": "wake-ups a minute", "ours": f"{result['wakeups'] * minute:,.0f}"}
  # Commands within scripts are counted too.
  yield {"what": "Redis commands a minute, those within scripts too", "ours": f"{result['commands'] * minute:,.0f}"}
  yield {
    "what": "resident memory (of it data)",
    "ours": f"{result['resident_bytes'] / 2**20:.1f} MiB ({result['anonymous_bytes'] / 2**20:.1f} MiB)"}
