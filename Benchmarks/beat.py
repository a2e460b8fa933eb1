"""How soon `celery beat` sends, and what it needs then, with each of three schedulers: scripts/bench beat.

Each is started on a Redis of its own with one application, whose code has one schedule of a second. Measured are the
seconds from the command to the first message, and the resident memory of the process five seconds later.
"""

import os
import pathlib
import statistics
import time

import peers
from scene import PROJECT, QUEUE, Scene
from stage import BEAT_WATCH, Failed

PACKAGE = PROJECT / ".deps/venv/package/bin/python"
SCHEDULERS = {
  "reactivebeat": (PACKAGE, "reactivebeat.schedulers.RedisScheduler"),
  "celery beat": (peers.PYTHON, "celery.beat.PersistentScheduler"),
  "RedBeat": (peers.PYTHON, "redbeat.RedBeatScheduler")}
REST = 5


def measure_one(name):
  python, scheduler = SCHEDULERS[name]
  with Scene("beat") as scene:
    scene.begin()
    # The package finds the program that this project has built.
    environment = peers.environment(scene, entries=1)
    environment["PATH"] = f"{pathlib.Path(BEAT_WATCH).parent}:{environment['PATH']}"
    began = time.monotonic()
    program = scene.start(
      name, python, "-m", "celery", "-A", "peer_app", "beat", "-S", scheduler, "--loglevel", "WARNING", "--pidfile=",
      *(["-s", os.path.join(scene.folder, "schedule")] if "Persistent" in scheduler else []),
      env=environment, cwd=peers.HERE)
    scene.poll(f"the first message of {name}", lambda: scene.broker.llen(QUEUE) > 0, 60)
    seconds = time.monotonic() - began
    scene.rest(REST)
    status = pathlib.Path(f"/proc/{program.pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    if (fields["Name"] == "beat-watch") != (name == "reactivebeat"):
      raise Failed(f"{name} runs as {fields['Name']}")
    peers.end(scene, program)
    return {
      "first_message_s": round(seconds, 3), "resident_bytes": 1024 * int(fields["VmRSS"].split()[0]),
      "anonymous_bytes": 1024 * int(fields["RssAnon"].split()[0])}


def measure(options, note, details):
  rounds = min(options.rounds, 5)
  found = {name: [] for name in SCHEDULERS}
  for number in range(rounds):
    for name, results in found.items():
      note(f"beat: round {number + 1} of {rounds}, {name}")
      results.append(measure_one(name))
  return {**details, "rounds": rounds, "schedulers": found}


def show(result):
  print(f"Redis {result['redis']}; {result['rounds']} rounds, medians\n")
  print("| celery beat with | first message after | resident memory (of it data) |\n| --- | --- | --- |")
  for name, results in result["schedulers"].items():
    seconds, resident, anonymous = (
      statistics.median(one[field] for one in results)
      for field in ("first_message_s", "resident_bytes", "anonymous_bytes"))
    print(f"| {name} | {seconds:.2f} s | {resident / 2**20:.1f} MiB ({anonymous / 2**20:.1f} MiB) |")
