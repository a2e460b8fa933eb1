"""What the daemon takes where nobody uses RabbitMQ: scripts/bench rabbitmq cost.

Its memory when idle, with 1,000 schedules and a Redis broker, and the size of its program without symbols. `--before`
names another build, such as one of an earlier version, which is measured in turns with this one.
"""

import os
import pathlib
import shutil
import statistics
import subprocess

from scene import Scene, idle_documents, note
from stage import BEAT_WATCH

SCHEDULES = 1000
MEMORY = ("Rss", "Pss", "Private_Dirty", "Private_Clean")


def measure(options):
  programs = {"now": BEAT_WATCH} | ({"before": options.before} if options.before else {})
  result = {name: {"bytes": [], "program_bytes": stripped(path)} for name, path in programs.items()}
  for number in range(options.rounds):
    for name, path in programs.items():
      result[name]["bytes"].append(idle(path))
      note(f"round {number + 1}, {name}: {result[name]['bytes'][-1]}")
  return result


def idle(program):
  """The memory of an idle daemon, in bytes."""
  with Scene("rabbitmq") as scene:
    scene.begin()
    scene.load(idle_documents(SCHEDULES))
    scene.start_daemon(program=program)
    scene.settle()
    scene.rest(2)
    text = pathlib.Path(f"/proc/{scene.daemon.pid}/smaps_rollup").read_text()
    scene.end_daemon()
  fields = {line.split(":")[0]: line.split()[1] for line in text.splitlines() if ":" in line.split()[0]}
  return {name: 1024 * int(fields[name]) for name in MEMORY}


def stripped(program):
  """The size of a program without its symbols."""
  with Scene("rabbitmq") as scene:
    copy = f"{scene.folder}/program"
    shutil.copyfile(program, copy)
    subprocess.run(["strip", copy], check=True)
    return os.path.getsize(copy)


def show(result):
  for name, part in result.items():
    memory = {field: statistics.median(each[field] for each in part["bytes"]) for field in MEMORY}
    print(f"{name:7} {SCHEDULES:,} schedules, idle: " + ", ".join(
      f"{field} {value / 2**20:.2f} MiB" for field, value in memory.items())
      + f"; the program without symbols {part['program_bytes'] / 2**20:.2f} MiB")
