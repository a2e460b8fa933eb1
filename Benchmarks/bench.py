"""What scripts/bench runs when everything is built: all figures in one run, or one of them by its name.

pickup  burst  steady  start  idle  storm      each in its own file; together they are the table
beat  takeover  disconnects  soak  micro       run by their names only
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts/lib"))

import beat  # noqa: E402
import burst  # noqa: E402
import disconnects  # noqa: E402
import documents  # noqa: E402
import idle  # noqa: E402
import micro  # noqa: E402
import pickup  # noqa: E402
import soak  # noqa: E402
import start  # noqa: E402
import steady  # noqa: E402
import storm  # noqa: E402
import table  # noqa: E402
import takeover  # noqa: E402
from scene import note, redis_version  # noqa: E402
from stage import BEAT_WATCH, Failed, Interrupted  # noqa: E402

FIGURES = {"pickup": pickup, "burst": burst, "steady": steady, "start": start, "idle": idle, "storm": storm}
OTHERS = {"beat": beat, "takeover": takeover, "disconnects": disconnects, "soak": soak, "micro": micro}
SIZES = {"pickup": (10, 10_000, 1_000_000), "burst": (1000, 10_000, 100_000), "steady": (200, 5000, 50_000),
         "start": (10_000, 100_000, 1_000_000)}
QUICK = {"pickup": (10, 10_000), "burst": (1000, 10_000), "steady": (200, 5000), "start": (10_000, 100_000)}
ROOM = 3 << 30  # Bytes of memory for a million documents, or for a minute of messages.


def arguments():
  parser = argparse.ArgumentParser(prog="scripts/bench")
  parser.add_argument("what", nargs="?", choices=[*FIGURES, *OTHERS])
  parser.add_argument("--schedules", type=int, help="one number of schedules instead of several")
  parser.add_argument("--edits", type=int, help="number of edits, for pickup and storm")
  parser.add_argument("--seconds", type=int, help="seconds to measure, for idle and steady")
  parser.add_argument("--quick", action="store_true", help="small sizes and few rounds, to see that everything works")
  parser.add_argument("--no-peers", dest="peers", action="store_false", help="without RedBeat and celery beat")
  parser.add_argument("--json", action="store_true")
  parser.add_argument("--write-docs", action="store_true", help="write Benchmarks/results.json and the documents")
  parser.add_argument("--renew", action="store_true", help="for micro: store what it measures as the thresholds")
  parser.add_argument("--names", type=int, default=100_000)
  parser.add_argument("--audit-interval", type=int, default=30)
  parser.add_argument("--log-level", default="info")
  parser.add_argument("--count", type=int, default=10_000)
  parser.add_argument("--limit", type=float, default=float("inf"))
  parser.add_argument("--rounds", type=int, default=100)
  parser.add_argument("--kills", type=int, default=20)
  parser.add_argument("--lease-ttl", type=int, default=1)
  parser.add_argument("--hours", type=float, default=24, help="hours to run, for soak")
  parser.add_argument("--seed", type=int)
  options = parser.parse_args()
  for name in ("schedules", "edits", "seconds"):
    if (getattr(options, name) or 1) < 1:
      parser.error(f"--{name} must be 1 or more")
  if options.what == "disconnects" and options.count < 400:
    parser.error("disconnects needs at least 400 to compare the first hundred with")
  if options.write_docs and (options.what or options.quick or options.schedules or not options.peers):
    parser.error("--write-docs is for the whole run, with nothing left out")
  return options


def settings(name, options):
  """The options with this figure's own sizes and times."""
  own = argparse.Namespace(**vars(options))
  own.sizes = dict(QUICK if options.quick else SIZES)
  if options.schedules:
    own.sizes = dict.fromkeys(own.sizes, (options.schedules,))
  elif memory() < ROOM:
    own.sizes = {figure: [size for size in sizes if size <= 100_000] for figure, sizes in own.sizes.items()}
  is_storm = name == "storm"
  own.schedules = options.schedules or (1000 if is_storm else 10_000)
  own.edits = options.edits or ((100_000 if options.quick else 1_000_000) if is_storm else
                                250 if options.quick else 1000)
  own.window = options.seconds or (10 if options.quick else 30)
  own.seconds = options.seconds or (10 if options.quick else 60)
  return own


def memory():
  """The bytes of memory that are available."""
  text = pathlib.Path("/proc/meminfo").read_text()
  return 1024 * int(next(line for line in text.splitlines() if line.startswith("MemAvailable")).split()[1])


def measure(name, options):
  figure = FIGURES[name]
  if name == "storm":
    return figure.measure(options, note, {"redis": redis_version()})
  return figure.measure(options)


def version():
  return "beat-watch " + subprocess.run([BEAT_WATCH, "--version"], capture_output=True, text=True).stdout.strip()


def commit():
  """The commit that was measured, as git describes it; empty where there is no git."""
  try:
    return subprocess.run(
      ["git", "-C", HERE, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
  except FileNotFoundError:
    return ""


def several(names, options):
  """Measures several figures. If one fails, the others are measured all the same."""
  wholes = {name: settings(name, options) for name in names}
  expected = sum(FIGURES[name].seconds(own) for name, own in wholes.items())
  note(f"{', '.join(names)}: about {expected / 60:.0f} min" if expected > 90 else f"about {expected:.0f} s")
  if not options.quick and not options.schedules and memory() < ROOM:
    note("too little memory is free for a million documents: they are left out")
  result = {"machine": table.machine(redis_version(), version(), commit()), "figures": {}, "rows": [], "problems": []}
  began = time.monotonic()
  for number, (name, own) in enumerate(wholes.items(), 1):
    note(f"[{number}/{len(names)}] {name}, about {FIGURES[name].seconds(own):.0f} s; "
         f"{time.monotonic() - began:.0f} s of {expected:.0f} s are over")
    try:
      part = measure(name, own)
    except Failed as failure:
      note(f"{name} FAILED: {failure}")
      result["problems"].append(f"{name}: {failure}")
      continue
    result["figures"][name] = part
    result["rows"] += [row | {"figure": name} for row in FIGURES[name].rows(part)]
    result["problems"] += [f"{name}: {problem}" for problem in part.get("problems", [])]
    if name == "pickup":
      result["machine"]["others_share"] = max(one["others_share"] for one in part["counts"].values())
  result["seconds"] = round(time.monotonic() - began)
  return result


def show(result):
  print(documents.sentence(result["machine"]) + "\n")
  print(table.text(result["rows"]))
  print(f"\n{result['seconds']} s")
  for problem in result["problems"]:
    print(f"PROBLEM: {problem}")


def main():
  options = arguments()
  try:
    if options.what == "micro":
      result, shown = micro.measure(options), micro.show
    elif options.what in (*OTHERS, "storm"):
      module = OTHERS.get(options.what, storm)
      result, shown = module.measure(settings(options.what, options), note, {"redis": redis_version()}), module.show
    else:
      result, shown = several([options.what] if options.what else list(FIGURES), options), show
      if options.write_docs and not result["problems"]:
        documents.write(result | {"source": "scripts/bench --write-docs"})
        note(f"the figures are in {documents.RESULTS.relative_to(HERE.parent)} and the documents")
  except Interrupted as interruption:
    return 128 + interruption.number
  except (Failed, documents.Mismatch) as failure:
    note(failure)
    return 1
  if options.json:
    print(json.dumps(result))
  else:
    shown(result)
  return 1 if result.get("problems") else 0


if __name__ == "__main__":
  sys.exit(main())
