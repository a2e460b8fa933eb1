"""What the daemon takes where nobody uses RabbitMQ: scripts/bench rabbitmq cost.

Its memory when idle, with 1,000 schedules and a Redis broker, and the size of its program without symbols. `--before`
names another build, such as one of an earlier version, which is measured in turns with this one.
"""

import os
import statistics
import subprocess

from scene import Scene, idle_documents, note, smaps
from stage import BEAT_WATCH

SCHEDULES = 1000
MEMORY = ("Rss", "Pss", "Private_Dirty")


def measure(options):
  programs = {"now": BEAT_WATCH} | ({"before": options.before} if options.before else {})
  result = {name: [] for name in programs}
  for number in range(options.rounds):
    for name, path in programs.items():
      result[name].append(idle(path))
      note(f"round {number + 1}, {name}: {result[name][-1]}")
  return result


def idle(program):
  """The memory of an idle daemon, and the size of its program, in bytes."""
  with Scene("rabbitmq") as scene:
    scene.begin()
    scene.load(idle_documents(SCHEDULES))
    # A program of its own, whose pages no other process shares.
    copy = f"{scene.folder}/beat-watch"
    subprocess.run(["strip", "-o", copy, program], check=True)
    os.sync()  # Pages that are not on disk yet would count as dirty.
    scene.start_daemon(program=copy)
    scene.settle()
    scene.rest(2)
    memory = smaps(scene.daemon.pid)
    scene.end_daemon()
    size = os.path.getsize(copy)
  return {"program": size} | memory


def show(result):
  for name, rounds in result.items():
    median = {field: statistics.median(each[field] for each in rounds) / 2**20 for field in rounds[0]}
    memory = ", ".join(f"{field} {median[field]:.2f} MiB" for field in MEMORY)
    print(f"{name:7} {SCHEDULES:,} schedules, idle: {memory}; the program without symbols {median['program']:.2f} MiB")
