"""RabbitMQ as the broker, a private one: scripts/bench rabbitmq.

rate    messages a second: the daemon's publisher and the whole daemon, beside a floor in C and Celery's send_task
pickup  from an edit to the message at a consumer, beside a Redis broker and RabbitMQ alone
alarm   whether the daemon goes on while RabbitMQ takes nothing for want of memory, and what becomes of the messages
cost    memory and program size where RabbitMQ is not used
"""

import argparse
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts/lib"))

import rabbit_alarm  # noqa: E402
import rabbit_cost  # noqa: E402
import rabbit_pickup  # noqa: E402
import rabbit_rate  # noqa: E402
from scene import note  # noqa: E402
from stage import Failed, Interrupted  # noqa: E402

PARTS = {"rate": rabbit_rate, "pickup": rabbit_pickup, "alarm": rabbit_alarm, "cost": rabbit_cost}


def main():
  parser = argparse.ArgumentParser(prog="scripts/bench rabbitmq", description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("what", nargs="?", choices=PARTS)
  parser.add_argument("--rounds", type=int, default=5)
  parser.add_argument("--messages", type=int, default=5000, help="for rate: in each round")
  parser.add_argument("--size", type=int, default=200, help="for rate: of a text among the arguments")
  parser.add_argument("--burst", type=int, default=5000, help="for rate: schedules that are due together")
  parser.add_argument("--edits", type=int, default=1000, help="for pickup: of each kind")
  parser.add_argument("--loaded", type=int, default=1000, help="for pickup: schedules of each daemon")
  parser.add_argument("--seconds", type=int, default=30, help="for alarm")
  parser.add_argument("--each-second", type=int, default=50, help="for alarm: schedules of a second")
  parser.add_argument("--before", help="for cost: another build of beat-watch")
  parser.add_argument("--json", action="store_true")
  options = parser.parse_args()
  try:
    result = {name: part.measure(options) for name, part in PARTS.items() if options.what in (None, name)}
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
