"""Where the quickstart keeps its schedules: in Redis, or in MongoDB. Both tell how they are edited, and edit."""

import json
import pathlib
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts/lib"))

from stage import PROJECT, Failed, free_port  # noqa: E402


def document(seconds):
  return {
    "name": "hello", "task": "tasks.greet", "args": ["world"], "enabled": True,
    "interval": {"every": seconds, "period": "seconds"},
  }


class RedisStore:
  """The schedules are in database 1 of the quickstart's Redis, and are edited by redis-cli."""

  needs_redis = True
  prefix = "tasks:meta:"
  #: What beat-watch's log calls the schedule that is edited.
  hello = prefix + "hello"
  note = "The schedules are in database 1 of a private Redis."

  def __init__(self, redis_port):
    self.port = redis_port
    self.variables = {"CELERY_REDIS_SCHEDULER_URL": f"redis://127.0.0.1:{redis_port}/1"}
    hello = self.hello
    #: What a user may do, in words, each with an edit.
    self.edits = [
      ("loaded", ("SET", hello, json.dumps(document(1)))), ("changed", ("SET", hello, json.dumps(document(2)))),
      ("removed", ("DEL", hello))]

  def start(self, stage):
    for path in sorted((HERE / "schedules").glob("*.json")):
      self.edit(("-x", "SET", self.prefix + path.stem), input=path.read_text())

  def edit(self, arguments, input=None):
    answer = subprocess.run(
      ["redis-cli", "-p", str(self.port), "-n", "1", *arguments], input=input, stdin=None if input else
      subprocess.DEVNULL, capture_output=True, text=True, timeout=10, start_new_session=True)
    if answer.returncode != 0 or answer.stdout.startswith(("ERR", "(error)")):
      raise Failed(f"redis-cli {' '.join(arguments)}: {(answer.stdout + answer.stderr).strip()}")

  def command(self, arguments):
    return f"redis-cli -p {self.port} -n 1 " + " ".join(shlex.quote(argument) for argument in arguments)

  def said(self, arguments):
    return "$ " + self.command(arguments)

  @property
  def invitation(self):
    hello = self.hello
    return [
      "It runs. Now edit a schedule in another terminal, and watch what happens here. Add one, look at it:",
      "",
      "  " + self.command(("SET", hello, json.dumps(document(1)))),
      "  " + self.command(("GET", hello)),
      "",
      "Make it slower, break it, take it away:",
      "",
      "  " + self.command(("SET", hello, json.dumps(document(3)))),
      "  " + self.command(("SET", hello, json.dumps(document(3)).replace("seconds", "secunds"))),
      "  " + self.command(("DEL", hello)),
    ]


class MongoStore:
  """The schedules are in a collection, and are edited by pymongo. SecantusDB stands in for MongoDB's server, which is in no
  package of Debian's."""

  needs_redis = False
  hello = "hello"
  note = ("SecantusDB stands in for MongoDB's own server here: it speaks its protocol, as one node. The schedules are "
          "there.")
  _programs = PROJECT / ".deps/venv/secantus/bin"

  def __init__(self, _):
    self.port = free_port()
    self.url = f"mongodb://127.0.0.1:{self.port}"
    self.variables = {"CELERY_MONGODB_SCHEDULER_URL": self.url}
    self.edits = [
      ("loaded", f"schedules.insert_one({document(1)})"),
      ("changed", 'schedules.update_one({"name": "hello"}, {"$set": {"interval.every": 2}})'),
      ("removed", 'schedules.delete_one({"name": "hello"})')]

  def start(self, stage):
    program = stage.start(
      "secantusdb", self._programs / "secantusd-py", "--host", "127.0.0.1", "--port", self.port, "--storage-path",
      f"{stage.folder}/secantus")
    stage.wait("SecantusDB is ready", lambda: any("listening on" in line for line in program.lines), 30)
    paths = sorted((HERE / "schedules").glob("*.json"))
    self.edit(f"schedules.insert_many({[json.loads(path.read_text()) for path in paths]})")

  @property
  def _setting(self):
    return f'import pymongo; schedules = pymongo.MongoClient("{self.url}").celery.schedules'

  def edit(self, line):
    answer = subprocess.run(
      [self._programs / "python", "-B", "-c", f"{self._setting}\n{line}"], stdin=subprocess.DEVNULL, capture_output=True,
      text=True, timeout=30, start_new_session=True)
    if answer.returncode != 0:
      raise Failed(f"{line}: {answer.stderr.strip()}")

  def said(self, line):
    return ">>> " + line

  @property
  def invitation(self):
    return [
      "It runs. Now edit a schedule in another terminal, and watch what happens here. Open Python with pymongo:",
      "",
      f"  {self._programs / 'python'} -i -c {shlex.quote(self._setting)}",
      "",
      "Add a schedule, look at it:",
      "",
      f"  {self.edits[0][1]}",
      '  schedules.find_one({"name": "hello"})',
      "",
      "Make it slower, break it, take it away:",
      "",
      '  schedules.update_one({"name": "hello"}, {"$set": {"interval.every": 3}})',
      '  schedules.update_one({"name": "hello"}, {"$set": {"interval.period": "secunds"}})',
      f"  {self.edits[2][1]}",
    ]


STORES = {"redis": RedisStore, "mongodb": MongoStore}
