"""A memory alarm of RabbitMQ: scripts/bench rabbitmq alarm.

The server takes no messages for 30 seconds, while schedules fire each second. Meanwhile a schedule is edited every few
milliseconds, to run at once, and the time until the daemon has written it back is taken. The daemon's loop stood still
for no longer than the longest of these times. A PING before each edit tells how long the machine and Redis take. In the
end each message that was fired must be on the queue, in the order of the daemon's history.
"""

import select
import threading
import time

from history import runs
from rabbit_pickup import Line
from rabbit_scene import RabbitScene, sentence, text
from scene import PREFIX, note
from stage import Failed, percentile

OUTBOX = f"reactivebeat:{PREFIX}outbox"
HISTORY = f"reactivebeat:{PREFIX}history"
PROBES = 100  # Schedules that are edited in turns.
PAUSE = 0.005
BEFORE = 10  # Seconds without an alarm, to compare with.


def measure(options):
  with RabbitScene("rabbitmq") as scene:
    scene.begin()
    scene.load(documents(options.each_second))
    daemon = scene.start_beat("beat-watch", "--history", 1_000_000, broker=scene.url)
    probe = Probe(scene)
    probe.run(1)  # Warms up.
    result = {"before": summary(probe.run(BEFORE))}
    came = scene.length()
    alarm = threading.Thread(target=raise_alarm, args=(scene,))
    alarm.start()
    found = probe.run(options.seconds)
    alarm.join()
    if "memory" not in scene.evaluate("rabbit_alarm:get_alarms()") or "no messages at present" not in text(daemon.log):
      raise Failed("the alarm was not felt")
    result |= {"during": summary(found), "waiting": scene.store.llen(OUTBOX), "taken_meanwhile": scene.length() - came}
    scene.evaluate("vm_memory_monitor:set_vm_memory_high_watermark({absolute, \"1GB\"})")
    began = time.monotonic()
    result["after"] = summary(probe.run_until(lambda: scene.store.llen(OUTBOX) < 10))
    result["delivered_after_s"] = round(time.monotonic() - began, 2)
    scene.forget(daemon, "beat-watch")
    return result | judge(scene) | scene.circumstances()


def raise_alarm(scene):
  scene.evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0.0001)")


def documents(count):
  for number in range(count):
    yield f"{PREFIX}tick:{number}", (
      f'{{"name": "tick:{number}", "task": "bench.tick", "enabled": true, "args": [{number}], "kwargs": {{}}, '
      f'"interval": {{"every": 1, "period": "seconds"}}, "catchup": "all"}}')


class Probe:
  """Edits schedules, and waits until the daemon has written each back."""

  def __init__(self, scene):
    self.editor = Line(scene.socket, 1)
    self.events = Line(scene.socket, 1)
    self.events.send("PSUBSCRIBE", f"__keyspace@1__:{PREFIX}probe:*")
    self.events.receive(b"psubscribe")
    self.number = 0

  def run(self, seconds):
    end = time.monotonic() + seconds
    return self.run_until(lambda: time.monotonic() >= end)

  def run_until(self, is_over):
    """[(nanoseconds of a PING, nanoseconds from an edit to the daemon's own)]"""
    found = []
    while not is_over():
      if len(found) > 200_000:
        raise Failed("it does not end")
      found.append(self.once())
      time.sleep(PAUSE)
    return found

  def once(self):
    name = f"probe:{self.number % PROBES}"
    self.number += 1
    while select.select([self.events.socket], [], [], 0)[0]:
      self.next_events()
    began = time.monotonic_ns()
    self.editor.send("PING")
    ping = self.editor.receive(b"PONG") - began
    document = (f'{{"name": "{name}", "task": "bench.probe", "enabled": true, "run_immediately": true, "args": [], '
                f'"kwargs": {{}}, "interval": {{"every": 300, "period": "days"}}, "description": "{self.number}"}}')
    began = time.monotonic_ns()
    self.editor.send("SET", PREFIX + name, document)
    self.editor.receive(b"+OK")
    # The editor's own event, and the daemon's first.
    events, came = b"", began
    while events.count(b"pmessage") < 2:
      events, came = events + self.next_events(), time.monotonic_ns()
    return ping, came - began

  def next_events(self):
    self.events.socket.settimeout(60)
    try:
      return self.events.socket.recv(1 << 16)
    except TimeoutError:
      raise Failed("the daemon has not answered an edit for a minute") from None


def summary(found):
  reactions, pings = [each for _, each in found], [ping for ping, _ in found]
  return {
    "count": len(found), "p50_us": percentile(reactions, 0.5) // 1000, "p99_us": percentile(reactions, 0.99) // 1000,
    "max_us": max(reactions) // 1000, "ping_max_us": max(pings) // 1000}


def judge(scene):
  """What became of the messages."""
  fires = [run for _, fields in scene.store.xrange(HISTORY) for run in runs(fields)]
  fired = [identifier.decode() for _, identifier, _ in fires]
  arrived, waiting = scene.taken(), scene.store.llen(OUTBOX)
  note(f"{len(fired):,} fired, {len(arrived):,} on the queue, {waiting} in the outbox")
  expected = fired[:len(fired) - waiting]  # The newest may wait in the outbox.
  lost, first = set(expected) - set(arrived), list(dict.fromkeys(arrived))
  if lost or first[:len(expected)] != expected:
    raise Failed(f"{len(lost)} messages are lost" if lost else "the order has changed")
  return {
    "fired": len(fired), "arrived": len(arrived), "repeats": len(arrived) - len(first), "left": waiting,
    "late_max_ms": max(late for name, _, late in fires if name.startswith(b"tick:")) / 1000}


def show(part):
  print(sentence(part))
  for phase, name in (("before", "before the alarm"), ("during", "during it"), ("after", "after it")):
    p50, p99, longest, ping = (part[phase][key] / 1000 for key in ("p50_us", "p99_us", "max_us", "ping_max_us"))
    print(f"{name:16} from an edit until the daemon has answered it: p50 {p50:.2f} ms, p99 {p99:.2f} ms, max "
          f"{longest:.1f} ms ({part[phase]['count']:,} edits); the longest PING of Redis {ping:.1f} ms")
  print(f"{part['waiting']:,} messages waited at its end, and were delivered {part['delivered_after_s']} s later; "
        f"{part['taken_meanwhile']} came onto the queue during it")
  print(f"{part['fired']:,} fired, {part['arrived']:,} arrived in their order, {part['repeats']} twice, {part['left']} "
        f"left; the latest fire {part['late_max_ms']:.0f} ms late")
