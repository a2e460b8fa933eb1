"""What scripts/quickstart runs when everything is built:
quickstart.py [--store redis|mongodb] [--broker redis|rabbitmq] [--web] [--seconds N]

It runs the servers of the store and of the broker, a Celery worker and beat-watch, and shows the lines of the latter
two as they come. After N seconds, or at Ctrl-C, it compares what beat-watch has fired with what the worker has executed.
Exit status 0: they are the same, each once. RabbitMQ may get a message twice, but only when something dies, and here
nothing does.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts/lib"))

from brokers import BROKERS  # noqa: E402
from stage import BEAT_WATCH, Failed, Interrupted, Stage, clean_environment, free_port, percentile  # noqa: E402
from stores import STORES  # noqa: E402

# What --web adds to the three schedules: a shop's jobs. The worker has no task of the last.
MORE_SCHEDULES = {
  "stock": ("--task", "tasks.heartbeat", "--every", "7s"),
  "morning report": ("--task", "tasks.report", "--cron", "30 7 * * mon-fri", "--timezone", "Europe/Berlin", "--queue",
                     "reports", "--args", '["Morning", 40]'),
  "invoices": ("--task", "tasks.report", "--cron", "0 2 1 * *", "--timezone", "America/New_York", "--queue", "reports",
               "--args", '["Invoices", 1200]'),
  "newsletter": ("--task", "tasks.greet", "--cron", "0 9 * * thu", "--args", '["subscribers"]', "--disabled"),
}

COLORS = {"beat-watch": "36", "worker": "32", "you": "1", "warning": "33", "error": "31", "dim": "2"}


class Terminal:
  """Prints lines with the speaker's name. It uses colour only on a terminal, and not if NO_COLOR is set."""

  def __init__(self):
    self.has_color = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

  def paint(self, text, color):
    return f"\033[{COLORS[color]}m{text}\033[0m" if self.has_color and color else text

  def write(self, text=""):
    try:
      print(text, flush=True)
    except BrokenPipeError:  # The reader has gone, as with `| head`.
      os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
      raise Interrupted(13) from None

  def say(self, who, at, text, color=None):
    self.write(f"{self.paint(f'{who:10}', who)} {self.paint(at, 'dim')} {self.paint(text, color)}")


class Daemon:
  """What beat-watch logs, as far as the summary needs it."""

  def __init__(self, terminal):
    self.terminal = terminal
    self.messages = collections.Counter()
    self.ids = []
    self.lateness = []
    self.fired = None  # The number is in its last line.

  def line(self, line):
    try:
      fields = json.loads(line)
      message, level, at = fields.pop("msg"), fields.pop("level"), fields.pop("ts")[11:23]
    except (ValueError, KeyError):  # An error line before it exits is no JSON.
      return self.terminal.say("beat-watch", " " * 12, line, "error")
    key = fields.pop("key", "")
    self.messages[message, key] += 1
    if message == "fired" and key:
      self.ids.append(fields["id"])
      self.lateness.append(fields["late_ms"])
      fields = {"task": fields["task"], "id": fields["id"][:8], "queue": fields["queue"], "late_ms": fields["late_ms"]}
    if message == "stopped":
      self.fired = fields["fired"]
    reason = fields.pop("reason", None)
    text = " ".join([message, key] if key else [message])
    text += "".join(f" {name}={value}" for name, value in fields.items()) + (f": {reason}" if reason else "")
    self.terminal.say("beat-watch", at, text, level if level in COLORS else None)

  @property
  def edits(self):
    """How many edits were logged. At level info a schedule is named when it comes, changes or goes, but not at the
    first load."""
    heard = ("loaded", "changed", "removed", "rejected")
    return sum(count for (message, key), count in self.messages.items() if message in heard and key)


class Worker:
  """What Celery's worker logs."""

  LINE = re.compile(r"\[[\d-]+ ([\d:]+),(\d+): (\w+)/\w+\] (.*)")
  TASK = re.compile(r"Task (\S+)\[([0-9a-f-]{36})\] (.*)")
  SUCCESS = re.compile(r"succeeded in ([\d.e-]+)s: (.*)")

  def __init__(self, terminal):
    self.terminal = terminal
    self.is_ready = False
    self.executed = []

  def line(self, line):
    match = self.LINE.match(line)
    text, at, level = (match[4], f"{match[1]}.{match[2]}", match[3]) if match else (line, " " * 12, "INFO")
    task = self.TASK.match(text)
    if task:
      if task[3] == "received":
        return
      outcome = task[3]
      if success := self.SUCCESS.match(outcome):
        self.executed.append(task[2])
        outcome = f"succeeded in {float(success[1]) * 1000:.1f} ms: {success[2]}"
      text = f"{task[1]} id={task[2][:8]} {outcome}"
    elif text.endswith(" ready."):
      self.is_ready = True
    # The worker's banner, and the pictures of connections, say nothing new here.
    if self.is_ready and text.strip():
      self.terminal.say("worker", at, text.strip(), {"WARNING": "warning", "ERROR": "error", "CRITICAL": "error"}.get(level))


class Quickstart:
  def __init__(self, store, broker, seconds, web):
    self.web_port = free_port() if web else None
    self.redis_port = free_port()
    self.store = store(self.redis_port)
    self.broker = broker(self.redis_port)
    self.seconds = seconds
    self.terminal = Terminal()
    self.daemon = Daemon(self.terminal)
    self.worker = Worker(self.terminal)
    self.stage = Stage("quickstart", self.on_line)
    self.problems = []

  def on_line(self, program, line):
    listener = {"beat-watch": self.daemon, "worker": self.worker}.get(program.name)
    if listener:
      listener.line(line)

  def run(self):
    with self.stage:
      self.terminal.write(f"quickstart: {self.store.note} {self.broker.note}")
      self.start()
      began = time.monotonic()
      try:
        if self.seconds:
          self.edit(began)
        else:
          lines = [*self.store.invitation, "", "Ctrl-C ends it."]
          if self.web_port:
            lines = [f"The page is at http://127.0.0.1:{self.web_port}/", "", *lines]
          self.terminal.write("\n" + "\n".join(lines) + "\n")
        remaining = self.seconds - (time.monotonic() - began) if self.seconds else float(10**9)
        self.stage.until(lambda: False, max(0, remaining))
      except Interrupted:
        self.terminal.write()
      return self.finish(time.monotonic() - began)

  def start(self):
    stage = self.stage
    if self.store.needs_redis or self.broker.needs_redis:
      stage.redis(port=self.redis_port)
    self.store.start(stage)
    environment = clean_environment(CELERY_BROKER_URL=self.broker.start(stage), **self.store.variables)
    # One process is enough for a demonstration, and leaves nothing behind whatever happens.
    self.celery = stage.start(
      "worker", sys.executable, "-B", "-m", "celery", "--app", "tasks", "worker", "--pool", "solo", "--queues",
      "celery,reports", "--loglevel", "INFO", "--without-gossip", "--without-mingle", cwd=HERE, env=environment)
    stage.wait("the Celery worker is ready", lambda: self.worker.is_ready, 60)
    self.beat = stage.start("beat-watch", BEAT_WATCH, "run", "--log-format", "json", env=environment)
    stage.wait("beat-watch is ready", lambda: self.daemon.messages["ready", ""], 20)
    if self.web_port:
      self.start_web(environment)

  def start_web(self, environment):
    """Serves the page beside the daemon, with more schedules, so that there is something to look for."""
    for name, options in MORE_SCHEDULES.items():
      subprocess.run([BEAT_WATCH, "set", name, *options], env=environment, stdout=subprocess.DEVNULL, check=True)
    self.stage.start("web", BEAT_WATCH, "web", "--listen", f"127.0.0.1:{self.web_port}", env=environment)
    self.stage.wait("the page is there", self.is_page_there, 20)

  def is_page_there(self):
    try:
      with urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}/api/v1/schedules", timeout=2) as answer:
        page = json.load(answer)
        return page["all"] >= len(MORE_SCHEDULES) and not page["loading"]
    except OSError:
      return False

  def edit(self, began):
    """Makes the edits that a user would make, and waits until each has taken effect."""
    for share, (effect, edit) in zip((0.1, 0.5, 0.8), self.store.edits):
      self.stage.until(lambda: False, max(0, began + share * self.seconds - time.monotonic()))
      now = time.time()
      said = self.store.said(edit)
      self.terminal.say(
        "you", time.strftime("%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03}", said, "you")
      self.store.edit(edit)
      if not self.stage.until(lambda: self.daemon.messages[effect, self.store.hello], 5):
        self.problems.append(f"beat-watch did not hear this edit: {said}")

  def finish(self, seconds):
    """Ends the daemon first, then the worker, when it has taken everything from its queues."""
    status = self.stage.end(self.beat)
    if status != 0 or self.daemon.fired is None:
      self.problems.append(f"beat-watch ended with exit status {status}")
    fired = self.daemon.fired or 0
    self.stage.until(lambda: len(self.worker.executed) >= fired, 30)
    self.stage.end(self.celery)  # It finishes its tasks: a surplus would be seen.
    executed = self.worker.executed
    twice = [id for id, count in collections.Counter(executed).items() if count > 1]
    missing = set(self.daemon.ids) - set(executed)
    if twice:
      self.problems.append(f"executed more than once: {', '.join(twice)}")
    if missing or len(executed) != fired:
      self.problems.append(f"fired {fired}, executed {len(executed)}; not executed: {', '.join(missing) or 'none known'}")
    late = self.daemon.lateness
    rows = [
      ("edits heard", str(self.daemon.edits)), ("fired", str(fired)),
      ("executed", f"{len(executed)} by the worker" + (", the same ones, each once" if fired and not self.problems else "")),
      ("lateness", f"p50 {percentile(late, 0.5):.2f} ms, p99 {percentile(late, 0.99):.2f} ms" if late else "-"),
    ]
    self.terminal.write(f"\nIn {seconds:.0f} s:" + "".join(f"\n  {name:12} {value}" for name, value in rows))
    for problem in self.problems:
      self.terminal.write(self.terminal.paint(f"quickstart: {problem}", "error"))
    return 1 if self.problems else 0


def main():
  parser = argparse.ArgumentParser()
  parser.add_argument("--store", choices=STORES, default="redis")
  parser.add_argument("--broker", choices=BROKERS, default="redis")
  parser.add_argument("--seconds", type=int)
  parser.add_argument("--web", action="store_true")
  options = parser.parse_args()
  try:
    return Quickstart(STORES[options.store], BROKERS[options.broker], options.seconds, options.web).run()
  except Interrupted as interruption:
    return 128 + interruption.number
  except Failed as failure:
    print(f"quickstart: {failure}", file=sys.stderr)
    return 1


sys.exit(main())
