"""Whether schedules are late while the endpoint and the page are asked: scripts/bench monitoring lateness.

Schedules of one second are spread over the second, as in `steady`. One run goes through four phases again and again:
nothing else; requests for the daemon's metrics; `beat-watch web` beside the same Redis, which nobody asks; and requests
for its page. It does not run in the first two. The program that asks runs on the same processors, and is a part of what
makes schedules late: so its processor time is given, too.
"""

import os
import pathlib
import time

import steady
from history import History
from http_scene import HTTPScene
from scene import Bystanders, note
from stage import percentile

PHASES = {
  "nothing else": (),
  "requests for /metrics": ("/metrics",),
  "a page that nobody asks": (),
  "requests for the page": ("/api/v1/schedules?limit=100", "/")}
SHARES = {"daemon_share": "daemon_s", "page_share": "page_s", "asking_share": "processor_s"}
CONNECTIONS = 8
SECOND = 1_000_000


def measure(options):
  with HTTPScene("monitoring") as scene:
    scene.begin()
    scene.load(steady.documents(options.each_second))
    history = History(scene)
    scene.start_listening(options.program)
    scene.rest(steady.WARM)
    others = Bystanders(scene)
    start = time.time_ns() // 1000
    windows = []
    for number in range(options.rounds):
      for phase in PHASES:
        note(f"lateness: round {number + 1} of {options.rounds}, {phase}")
        windows.append({"phase": phase} | window(scene, options, phase))
    end = windows[-1]["ended_us"]
    share = others.share()
    scene.rest(1)
    scene.end_daemon()
    seen = history.end()
    occurrences = steady.occurrences(scene, options.each_second, seen, start, end)
  return {
    "each_second": options.each_second, "rate": options.rate, "rounds": options.rounds, "seconds": options.seconds,
    "others_share": share, "phases": {phase: judged(phase, windows, occurrences) for phase in PHASES}}


def window(scene, options, phase):
  """One phase of one round: when it was, what was answered, and the processor time of the daemon and the page."""
  web = scene.start_page(options.program)[0] if "page" in phase else None
  programs = {"daemon": scene.daemon} | ({"page": web} if web else {})
  before = {name: processor(program) for name, program in programs.items()}
  if PHASES[phase]:
    found = scene.ask(
      scene.page if web else scene.endpoint, PHASES[phase], options.rate * options.seconds, options.rate, CONNECTIONS)
  else:
    began = time.time_ns() // 1000
    scene.rest(options.seconds)
    found = {"began_us": began, "ended_us": time.time_ns() // 1000}
  for name, program in programs.items():
    found[f"{name}_s"] = processor(program) - before[name]
  if web:
    scene.forget(web, "beat-watch web")
  return found


def processor(program):
  """The seconds of processor time of all threads of a process."""
  fields = pathlib.Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()
  return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def judged(phase, windows, occurrences):
  own = [one for one in windows if one["phase"] == phase]
  due = [late for moment, late in occurrences if any(one["began_us"] <= moment < one["ended_us"] for one in own)]
  part = steady.part(len(due), [late for late in due if late is not None])
  seconds = sum(one["ended_us"] - one["began_us"] for one in own) / SECOND
  for share, name in SHARES.items():
    part[share] = round(sum(one.get(name, 0) for one in own) / seconds, 2)
  if PHASES[phase]:
    for name in ("per_second", "p50_ms", "p99_ms", "bytes"):
      part[f"requests_{name}"] = percentile([one[name] for one in own], 0.5)
    part["requests"] = sum(one["requests"] for one in own)
  return part


def show(result):
  print(
    f"{result['each_second']:,} schedules of one second; {result['rounds']} rounds of {result['seconds']} s for each "
    f"phase, {result['rate']} requests a second planned; other programs kept {result['others_share']:.0%} of the "
    "processors busy\n")
  print("| meanwhile | delivered | late p50 | late p99 | times the first | a core's share: daemon, page, who asks | "
        "requests a second | their p50 / p99 | bytes of an answer |")
  print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
  first = result["phases"]["nothing else"]
  for phase, part in result["phases"].items():
    ratios = ", ".join(f"{part[name] / max(first[name], 0.01):.2f}" for name in ("p50_ms", "p99_ms"))
    shares = ", ".join(f"{part[share]:.0%}" for share in SHARES)
    asked = (
      f"{part['requests_per_second']} | {part['requests_p50_ms']} / {part['requests_p99_ms']} ms | "
      f"{part['requests_bytes']:,}" if "requests" in part else "| |")
    print(
      f"| {phase} | {part['share']:.1%} | {part['p50_ms']} ms | {part['p99_ms']} ms | {ratios} | {shares} | {asked} |")
