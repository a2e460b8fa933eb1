"""Messages a second: scripts/bench rabbitmq rate.

The same message each time, but for its task id and number: persistent, about 1 kB with its headers, to one durable
queue, classic or quorum, that is made anew for each run. In turns: the floor (Sources/amqp-floor, which only writes the
frames and reads the confirms), the daemon's publisher (Sources/publisher, without the daemon), and Celery's send_task
without and with `confirm_publish`. Then the daemon itself, with schedules that are due together: from the first message
on the queue to the last, with Redis, the outbox and the relay.
"""

import statistics
import sys
import time

from history import rate, task_id
from rabbit_scene import RabbitScene, sentence
from scene import PREFIX, PROGRAMS, PROJECT, QUEUE, note
from stage import Failed, clean_environment

WINDOW = 128  # Messages without a confirm, as in the daemon.
SECOND = 1_000_000
NAMES = {"floor": "the floor", "publisher": "the daemon's publisher", "daemon": "the whole daemon",
         "celery": "Celery's send_task", "celery_confirm": "... with confirm_publish"}


def measure(options):
  with RabbitScene("rabbitmq") as scene:
    scene.begin()
    # So much that no alarm interrupts a run.
    scene.evaluate("vm_memory_monitor:set_vm_memory_high_watermark({absolute, \"4GB\"})")
    kinds = {}
    for kind in ("classic", "quorum"):
      size, found = alone(scene, options, kind)
      kinds[kind] = {**size, "rounds": found, "daemon": together(scene, options, kind)}
    return {"kinds": kinds, **scene.circumstances()}


# The publisher alone.


def alone(scene, options, kind):
  path = f"{scene.folder}/frames"
  header, body = map(int, last(scene, "frames", PROGRAMS / "publisher", "frames", QUEUE, options.size, path))
  runs = {
    "floor": lambda: floor(scene, options.messages, path),
    "publisher": lambda: publisher(scene, options),
    "celery": lambda: celery(scene, options, kind, options.messages // 2),
    "celery_confirm": lambda: celery(scene, options, kind, options.messages // 5, "confirm"),
  }
  found = {name: [] for name in runs}
  for number in range(options.rounds):
    for name, run in runs.items():
      scene.renew(kind)
      found[name].append(run())
    note(f"{kind}, round {number + 1}: " + ", ".join(
      f"{name} {each[-1]['per_second']:,}" for name, each in found.items()))
  return {"header_bytes": header, "body_bytes": body}, found


def last(scene, name, *command, seconds=600, **options):
  """The words of a program's last line."""
  program = scene.start(name, *command, **options)
  return scene.finished(f"{name} ends", program, seconds)[-1].split()


def result(scene, count, sent, nanoseconds, processor=None):
  """- sent: the number of messages that were sent in that time; of `count`."""
  scene.poll("all messages are on the queue", lambda: scene.length() >= count, 60)
  if scene.length() != count:
    raise Failed(f"{scene.length()} messages are on the queue instead of {count}")
  found = {"per_second": round(sent / nanoseconds * 1e9)}
  return found | ({"cpu_us_each": round(processor / sent / 1000, 1)} if processor is not None else {})


def floor(scene, count, path):
  (nanoseconds,) = last(scene, "amqp-floor", PROGRAMS / "amqp-floor", scene.place.port, count, WINDOW, path)
  return result(scene, count, count, int(nanoseconds))


def publisher(scene, options):
  numbers = last(
    scene, "publisher", PROGRAMS / "publisher", "publish", scene.url, QUEUE, options.messages, options.size, WINDOW)
  return result(scene, options.messages, options.messages, *map(int, numbers))


def celery(scene, options, kind, count, *confirm):
  numbers = last(
    scene, "send_task", sys.executable, "-B", PROJECT / "Benchmarks/rabbit_sender.py", scene.url, QUEUE, kind,
    count, options.size, *confirm, env=clean_environment())
  return result(scene, count + 1, count, *map(int, numbers))


# The daemon.


def documents(options, every):
  text = "x" * options.size
  for number in range(options.burst):
    yield f"{PREFIX}tick:{number}", (
      f'{{"name": "tick:{number}", "task": "bench.tick", "enabled": true, "args": [{number}, "{text}"], '
      f'"kwargs": {{"region": "north"}}, "interval": {{"every": {every}, "period": "seconds", "align": true}}}}')


def together(scene, options, kind):
  """The daemon's messages a second where all schedules are due together."""
  count = options.burst
  every = max(6, count // 1000)
  scene.load(documents(options, every))
  scene.renew(kind)
  daemon = scene.start_beat("beat-watch", broker=scene.url)
  found = []
  for number in range(options.rounds):
    due = (int(time.time() + 1) // every + 1) * every
    scene.poll("the burst before is over", lambda: time.time() > due - 1, every + 60)
    scene.purge()
    processor = scene.processor(daemon)
    seen = []

    def is_there():
      seen.append((time.time_ns() // 1000, scene.length()))
      return seen[-1][1] >= count
    scene.poll(f"a burst of {count}", is_there, every + 60)
    per_second, end = rate(seen, count)
    processor = scene.processor(daemon) - processor
    check(scene.taken(), count, due)
    found.append({"per_second": round(per_second), "last_late_ms": round(end / 1000 - due * 1000),
                  "cpu_us_each": round(processor / count / 1000, 1)})
    note(f"{kind}, {count} due together, round {number + 1}: {found[-1]}")
  scene.forget(daemon, "beat-watch")
  scene.store.flushall()
  return {"count": count, "rounds": found}


def check(ids, count, due):
  expected = {task_id(f"tick:{number}", due * SECOND) for number in range(count)}
  if len(ids) != count or set(ids) != expected:
    raise Failed(f"of {count} messages {len(expected - set(ids))} are missing, {len(ids) - len(set(ids))} came twice")


def median(found, key="per_second"):
  return statistics.median(one[key] for one in found)


def show(result):
  print(sentence(result))
  for kind, part in result["kinds"].items():
    found, daemon = part["rounds"], part["daemon"]
    rates = {name: median(each) for name, each in found.items()} | {"daemon": median(daemon["rounds"])}
    print(f"A durable {kind} queue. A message has {part['header_bytes']} bytes of "
          f"properties and headers, and {part['body_bytes']} of body. Medians of {len(found['floor'])} rounds")
    for name, title in NAMES.items():
      each = sorted(one["per_second"] for one in (found | {"daemon": daemon["rounds"]})[name])
      print(f"  {title:24} {rates[name]:8,.0f} a second ({each[0]:,} to {each[-1]:,}){processor(name, found, daemon)}, "
            f"{rates[name] / rates['floor']:.0%} of the floor, {rates[name] / rates['celery']:.1f} times Celery")
    late = median(daemon["rounds"], "last_late_ms")
    print(f"  the last of {daemon['count']:,} that are due together is {late:,.0f} ms late")


def processor(name, found, daemon):
  rounds = daemon["rounds"] if name == "daemon" else found[name]
  return f", {median(rounds, 'cpu_us_each'):.0f} us of its processor each" if "cpu_us_each" in rounds[0] else ""
