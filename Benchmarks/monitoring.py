"""What the daemon's endpoint and the page take: scripts/bench monitoring, and scripts/bench web.

lateness   whether schedules of one second are late while the metrics, or the page, are asked for
cost       memory of a daemon with and without the endpoint, and the processor time of a scrape
web        memory, start and answers of the page with many schedules
"""

import argparse
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts/lib"))

import http_cost  # noqa: E402
import http_lateness  # noqa: E402
import web  # noqa: E402
from scene import note  # noqa: E402
from stage import BEAT_WATCH, Failed, Interrupted  # noqa: E402

PARTS = {"lateness": http_lateness, "cost": http_cost, "web": web}


def main():
  parser = argparse.ArgumentParser(prog="scripts/bench monitoring", description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("what", nargs="?", choices=PARTS, help="default lateness and cost")
  parser.add_argument("--program", type=pathlib.Path, default=BEAT_WATCH, help="another build of beat-watch")
  parser.add_argument("--rounds", type=int, default=6, help="for lateness: of all phases")
  parser.add_argument("--seconds", type=int, default=5, help="for lateness: of a phase")
  parser.add_argument("--each-second", type=int, default=5000, help="for lateness: schedules of a second")
  parser.add_argument("--rate", type=int, default=500, help="for lateness: requests a second")
  parser.add_argument("--schedules", type=int, default=10_000, help="for cost")
  parser.add_argument("--loaded", type=int, default=100_000, help="for web: schedules")
  parser.add_argument("--requests", type=int, default=500, help="for web: of each kind")
  parser.add_argument("--json", action="store_true")
  options = parser.parse_args()
  names = [options.what] if options.what else ["lateness", "cost"]
  try:
    result = {name: PARTS[name].measure(options) for name in names}
  except Interrupted as interruption:
    return 128 + interruption.number
  except Failed as failure:
    note(failure)
    return 1
  if options.json:
    print(json.dumps(result))
  else:
    for name, part in result.items():
      PARTS[name].show(part)
  return 0


if __name__ == "__main__":
  sys.exit(main())
