"""What a schedule sends that names only its task: by celery beat itself, as the application's manifest says, and by
beat-watch once that manifest is published. scripts/differential says how it is run."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Optional, Tuple

import redis

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
PREFIX = "tasks:meta:"
SERVER = os.environ.get("REACTIVEBEAT_TEST_SERVER", "redis-server")
#: The fields that differ in any two messages: by whom and under which number it was sent.
OWN = ["id", "root_id", "correlation_id", "reply_to", "delivery_tag", "origin"]


class Server:
  """A Redis on a unix socket."""

  def __init__(self, folder: pathlib.Path) -> None:
    folder.mkdir()
    self.socket = str(folder / "redis.sock")
    self.process = subprocess.Popen(
      ["setpriv", "--pdeathsig", "KILL", "--", SERVER, "--port", "0", "--unixsocket", self.socket, "--dir", str(folder),
       "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL, start_new_session=True)
    self.broker, self.store = (redis.Redis(unix_socket_path=self.socket, db=number) for number in (0, 1))
    wait(self.is_up, "redis-server")

  def is_up(self) -> bool:
    try:
      return bool(self.store.ping())
    except redis.ConnectionError:
      return False

  def url(self, database: int) -> str:
    return f"redis+socket://{self.socket}?virtual_host={database}"

  def end(self) -> None:
    self.process.kill()
    self.process.wait()


def wait(condition: Any, what: str, seconds: float = 60) -> None:
  deadline = time.monotonic() + seconds
  while not condition():
    if time.monotonic() > deadline:
      raise TimeoutError(what)
    time.sleep(0.005)


# What the manifest says, as lists and fields of messages.


class Layout:
  """Where messages lie, by the application's transport options, as kombu's Redis transport has it."""

  def __init__(self, options: Dict[str, Any], bindings: Dict[str, List[str]]) -> None:
    self.prefix = options.get("global_keyprefix", "")
    self.sep = options.get("sep", "\x06\x16")
    self.steps = options.get("priority_steps", [0, 3, 6, 9])
    self.bindings = bindings

  def key(self, queue: str, priority: int) -> str:
    clamped = max(0, min(priority, 9))
    step = max((step for step in self.steps if step <= clamped), default=self.steps[-1])
    return self.prefix + (f"{queue}{self.sep}{step}" if step else queue)

  def queues(self, task: Dict[str, Any]) -> List[str]:
    """The queues that a message of the task comes to."""
    if "queue" in task:
      return [task["queue"]]
    is_topic = task["exchange_type"] == "topic"
    return sorted({
      queue for key, pattern, queue in self.bound(task)
      if (pattern and re.match(pattern, task["routing_key"]) if is_topic else key == task["routing_key"])})

  def bound(self, task: Dict[str, Any]) -> List[Tuple[str, str, str]]:
    """The bindings of the task's exchange: key, pattern and queue."""
    members = self.bindings.get(f"{self.prefix}_kombu.binding.{task['exchange']}", [])
    return [(key, pattern, queue) for key, pattern, queue in (member.split(self.sep) for member in members)]


def expected(task: Dict[str, Any], layout: Layout) -> Dict[str, Any]:
  """The lists that get a message, and the fields of it that the manifest decides."""
  priority = task.get("priority", 0)
  return {
    "lists": sorted(layout.key(queue, priority) for queue in layout.queues(task)),
    "priority": priority, "delivery_mode": task.get("delivery_mode", 2),
    "exchange": "" if "queue" in task else task["exchange"],
    "routing_key": task.get("queue", task.get("routing_key")),
    "timelimit": [task.get("time_limit"), task.get("soft_time_limit")],
    "ignore_result": task.get("ignore_result"), "shadow": task.get("shadow"),
    "expires": expiry(task.get("expires")), "content_type": CONTENT_TYPES[task.get("serializer", "json")]}


CONTENT_TYPES = {"json": "application/json", "pickle": "application/x-python-serialize"}


def expiry(value: Any) -> Any:
  """Seconds as the message's `expiration`; of a date only that there is one, since both depend on the clock."""
  return None if value is None else "a date" if isinstance(value, str) else str(int(value * 1000))


def found(lists: Dict[str, List[str]], task: Dict[str, Any]) -> Dict[str, Any]:
  """The same of the messages that Celery has sent."""
  message = json.loads(next(iter(lists.values()))[0]) if lists else {"headers": {}, "properties": {}}
  headers, properties = message["headers"], message["properties"]
  info = properties.get("delivery_info", {})
  expiration = properties.get("expiration")
  return {
    "lists": sorted(key for key, texts in lists.items() for _ in texts), "priority": properties.get("priority"),
    "delivery_mode": properties.get("delivery_mode"), "exchange": info.get("exchange"),
    "routing_key": info.get("routing_key"), "timelimit": headers.get("timelimit"),
    "ignore_result": headers.get("ignore_result"), "shadow": headers.get("shadow"),
    "expires": "a date" if expiration is not None and isinstance(task.get("expires"), str) else expiration,
    "content_type": message.get("content-type")}


def compare_fields(record: Dict[str, Any], name: str) -> Optional[str]:
  """What differs between the manifest and what Celery has sent; None: nothing. For sent tasks only."""
  task, sent = record["manifest"]["tasks"][name], record["sent"][name]
  want = expected(task, Layout(record["manifest"]["transport_options"], record["bindings"]))
  if not sent["lists"]:
    # Celery loses a message to an exchange that has no such binding. What it would have held is nowhere.
    return None if not want["lists"] else f"Celery has sent it to nobody, and the manifest says {want['lists']}"
  got = found(sent["lists"], task)
  parts = [f"{field}: Celery {got[field]!r}, manifest {want[field]!r}" for field in want if want[field] != got[field]]
  return "; ".join(parts) or None


# The kinds of outcomes.

SAME = "the same"
REFUSED = "that celery beat cannot send, as the manifest says"
FANOUT = "to a fanout exchange, which the daemon does not serve"
KEYLESS = "to an exchange without a routing key, which a document cannot say"
TWO_TYPES = "to an exchange that the application declares with two types"
LOST = "lost by Celery: no queue of the exchange has such a key"


def outcome(record: Dict[str, Any], name: str) -> Tuple[str, Optional[str]]:
  """The kind of a task's comparison, and what is wrong with it."""
  task, sent = record["manifest"]["tasks"][name], record["sent"][name]
  problem = task.get("problem")
  if "error" in sent:
    return REFUSED, None if problem is not None else f"Celery cannot send it: {sent['error']}"
  if problem is not None:
    if "fanout exchange" in problem:
      return FANOUT, None
    if "without a routing key" in problem:
      keys = [json.loads(text)["properties"]["delivery_info"]["routing_key"]
              for texts in sent["lists"].values() for text in texts]
      return KEYLESS, f"Celery has the routing keys {keys}" if any(keys) else None
    return SAME, f"Celery can send it, and the manifest says: {problem}"
  if task.get("exchange") in record["two_types"]:
    return TWO_TYPES, None
  difference = compare_fields(record, name)
  if difference is None and not sent["lists"]:
    return LOST, None
  return SAME, difference


# What beat-watch sends.


def masked(text: str, has_date: bool, is_old: bool) -> str:
  """A message without what differs in any two.

  - has_date: it expires at a date, which may be written in any zone, and how long that is depends on the clock.
  - is_old: Celery before 5.7, whose beat does not mark its messages.
  """
  expires = json.loads(text)["headers"]["expires"]
  instant = datetime.fromisoformat(expires).astimezone(timezone.utc).isoformat() if has_date else "in some seconds"
  text = re.sub(r'"expires": "[^"]*"', f'"expires": "{instant}"', text, count=1)
  if has_date:
    text = re.sub(r'"expiration": "[0-9]+"', '"expiration": "until then"', text, count=1)
  if is_old:
    text = text.replace(', "celery_beat_task": true', "", 1)
  for field in OWN:
    text = re.sub(f'"{field}": "[^"]*"', f'"{field}": "…"', text, count=1)
  return text


def daemon_sends(record: Dict[str, Any], server: Server, program: str, folder: pathlib.Path) -> Dict[str, Any]:
  """The lists and messages of beat-watch by task, for documents that name only their task."""
  server.store.flushall()
  manifest = record["manifest"]
  for key, members in record["bindings"].items():
    server.broker.sadd(key, *members)
  server.store.set(f"reactivebeat:{PREFIX}application", json.dumps(manifest, sort_keys=True))
  names = sorted(name for name, task in manifest["tasks"].items() if "problem" not in task)
  for name in names:
    document = {"name": name, "task": name, "enabled": True, "run_immediately": True,
                "interval": {"every": 9, "period": "days"}}
    server.store.set(PREFIX + name, json.dumps(document))
  log = folder / "beat-watch.log"
  with open(log, "wb") as output:
    process = subprocess.Popen(
      ["setpriv", "--pdeathsig", "KILL", "--", program, "run", "--store-url", server.url(1), "--broker-url",
       server.url(0), "--default-queue", "of-the-daemon", "--broker-transport-options",
       json.dumps(manifest["transport_options"])], stdout=output, stderr=output, start_new_session=True)

  def is_done() -> bool:
    if process.poll() is not None:
      raise RuntimeError(f"beat-watch has ended: {log.read_text(errors='replace')[-2_000:]}")
    # What no queue gets is not sent. The daemon says so in its log.
    return all(b'"total_run_count"' in (server.store.get(PREFIX + name) or b"") or is_idle(name) for name in names)

  def is_idle(name: str) -> bool:
    return not Layout(manifest["transport_options"], record["bindings"]).queues(manifest["tasks"][name])

  try:
    wait(is_done, f"seed {record['seed']}: beat-watch has not sent all", 30)
  except TimeoutError:
    print(log.read_text(errors="replace"), file=sys.stderr)
    raise
  finally:
    process.kill()
    process.wait()
  sent: Dict[str, Any] = {name: {} for name in names}
  for key in server.broker.scan_iter(count=1_000):
    if server.broker.type(key) == b"list":
      for text in server.broker.lrange(key, 0, -1):
        task = json.loads(text)["headers"]["task"]
        sent[task].setdefault(key.decode(), []).append(text.decode())
  return sent


def compare_messages(record: Dict[str, Any], name: str, daemon: Dict[str, Any]) -> Optional[str]:
  """What differs between Celery's messages for a task and beat-watch's, but for what differs in any two messages."""
  task = record["manifest"]["tasks"][name]
  lists = record["sent"][name]["lists"]
  if not lists and task["exchange"] == task["routing_key"]:
    # Celery has lost it. beat-watch declares each queue with an exchange and a key of the same name, as Celery does for
    # queues that an application does not describe: the message may come to that queue.
    own = Layout(record["manifest"]["transport_options"], {}).key(task["exchange"], task.get("priority", 0))
    return None if set(daemon[name]) <= {own} else f"lists: Celery none, beat-watch {sorted(daemon[name])}"
  if task.get("serializer") or task.get("notes"):
    # Told by the manifest: sent as JSON, not compressed, without the route's headers.
    places = sorted(lists), sorted(daemon[name])
    return None if places[0] == places[1] else f"lists: Celery {places[0]}, beat-watch {places[1]}"
  has_date, is_old = isinstance(task.get("expires"), str), record["celery"] < "5.7"
  want, got = (
    {key: [masked(text, has_date, is_old) for text in texts] for key, texts in lists.items()}
    for lists in (lists, daemon[name]))
  return None if want == got else f"Celery\n    {want}\n  beat-watch\n    {got}"


# The run.


def records(python: str, server: Server, first: int, count: int) -> Iterator[Dict[str, Any]]:
  """What celery_side.py tells of each application."""
  process = subprocess.Popen(
    ["setpriv", "--pdeathsig", "KILL", "--", python, "-B", str(HERE / "celery_side.py"), server.socket, str(first),
     str(count)], stdout=subprocess.PIPE, text=True, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
  assert process.stdout is not None
  for line in process.stdout:
    yield json.loads(line)
  if process.wait() != 0:
    raise RuntimeError(f"{python} celery_side.py has ended with status {process.returncode}")


def main() -> int:
  parser = argparse.ArgumentParser(prog="scripts/differential", description=__doc__)
  parser.add_argument("--applications", type=int, default=300, metavar="N")
  parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the first application")
  parser.add_argument("--celery", action="append", metavar="VERSION", help="5.6, 5.7; both unless given")
  parser.add_argument("--program", metavar="FILE", help="a beat-watch whose messages are compared, too, byte for byte")
  parser.add_argument("--words", action="store_true", help="print each application that differs")
  options = parser.parse_args()
  differences = 0
  with tempfile.TemporaryDirectory(prefix="differential-") as folder:
    servers = [Server(pathlib.Path(folder) / name) for name in ("celery", "daemon")]
    try:
      for version in options.celery or ["5.6", "5.7"]:
        python = str(PROJECT / f".deps/venv/celery-{version}/bin/python")
        started = time.monotonic()
        kinds: Dict[str, int] = {}
        count = 0
        for record in records(python, servers[0], options.seed, options.applications):
          count += 1
          daemon = (
            daemon_sends(record, servers[1], options.program, pathlib.Path(folder)) if options.program else None)
          for name in record["sent"]:
            kind, difference = outcome(record, name)
            if difference is None and kind in (SAME, LOST) and daemon is not None:
              difference = compare_messages(record, name, daemon)
            kinds[kind] = kinds.get(kind, 0) + 1
            if difference is not None:
              differences += 1
              print(f"Celery {record['celery']}, seed {record['seed']}, {name}: {difference}")
              if options.words:
                print(f"    {record['words']}")
        print(f"Celery {version}: {count} applications, {sum(kinds.values())} tasks, "
              f"{time.monotonic() - started:.1f} s: " + "; ".join(f"{kinds[kind]} {kind}" for kind in sorted(kinds)))
    finally:
      for server in servers:
        server.end()
  print(f"{differences} differences" if differences else "no difference")
  return 1 if differences else 0


if __name__ == "__main__":
  sys.exit(main())
