"""The servers of the walk: a private Redis, a daemon, and pages of `beat-watch web`. None outlives the walk."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any, Callable, Dict, Iterable, List, Optional

import overlay

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "Servers"))
import mongo_program  # noqa: E402

PROJECT = pathlib.Path(__file__).resolve().parents[2]
PREFIX = "tasks:meta:"
SERVER = os.environ.get("REACTIVEBEAT_TEST_SERVER", "redis-server")
#: The page's crontabs and the viewer have this zone.
ZONE = "Europe/Berlin"
#: Who writes a step waits less for what does not come.
HASTE = float(os.environ.get("BROWSER_WALK_HASTE", "1"))


class Elsewhere(Exception):
  """A step of what the store of this walk does not have."""


class Failed(Exception):
  """A step's expectation that is not met. The text is a sentence."""


def expect(condition: Any, sentence: str) -> None:
  if not condition:
    raise Failed(sentence)


def wait(condition: Callable[[], Any], sentence: str, seconds: float = 30) -> Any:
  """The first true answer of a condition. It may raise Failed meanwhile."""
  seconds *= HASTE
  deadline = time.monotonic() + seconds
  problem: Optional[Failed] = None
  while True:
    try:
      if answer := condition():
        return answer
      problem = None
    except Failed as error:
      problem = error
    if time.monotonic() > deadline:
      raise Failed(f"{sentence}: not within {seconds:g} s" + (f" ({problem})" if problem else ""))
    time.sleep(0.1)


def identity(name: str) -> str:
  """A schedule's id in addresses."""
  return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def free_port() -> int:
  with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    return int(probe.getsockname()[1])


def is_open(port: int) -> bool:
  with socket.socket() as probe:
    probe.settimeout(1)
    return probe.connect_ex(("127.0.0.1", port)) == 0


def interval(task: str, every: float = 1, period: str = "hours", **fields: Any) -> Dict[str, Any]:
  return {"task": task, "enabled": True, "interval": {"every": every, "period": period}, **fields}


def crontab(task: str, minute: str = "*", hour: str = "*", **fields: Any) -> Dict[str, Any]:
  return {
    "task": task,
    "enabled": True,
    "crontab": {
      "minute": minute,
      "hour": hour,
      **fields.pop("days", {})
    },
    **fields
  }


class Page:
  """A process of `beat-watch web`."""

  def __init__(self, program: subprocess.Popen[bytes], port: int) -> None:
    self.program = program
    self.port = port
    self.overlay: Any = None
    self.address = f"http://127.0.0.1:{port}/"

  def ask(self, path: str, method: str = "GET", body: Any = None, cookie: str = "") -> int:
    """The status of an answer of the API, to somebody who uses no browser."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(self.address + path, data, method=method)
    request.add_header("Content-Type", "application/json")
    if cookie:
      request.add_header("Cookie", cookie)
    try:
      with urllib.request.urlopen(request, timeout=20) as answer:
        return int(answer.status)
    except urllib.error.HTTPError as error:
      return error.code

  def get(self, path: str) -> Any:
    with urllib.request.urlopen(self.address + path, timeout=20) as answer:
      return json.load(answer)


class Stage:
  """`with Stage(folder, program) as stage:` gives a Redis whose database 0 has the queues, and 1 the schedules.

  With `is_mongo` the schedules are in a MongoDB.
  """

  def __init__(self, folder: pathlib.Path, program: pathlib.Path, port: int = 0, is_mongo: bool = False) -> None:
    self.is_mongo = is_mongo
    self.mongo: Any = None
    self.mongo_url = ""
    self.folder = folder
    self.program = program
    self.port = port if port and not is_open(port) else free_port()
    self.programs: List[subprocess.Popen[bytes]] = []
    self.server: Optional[subprocess.Popen[bytes]] = None
    self.beat: Optional[subprocess.Popen[bytes]] = None
    #: A folder of the page's files that are tried in the place of those in the program.
    self.files: Optional[pathlib.Path] = None

  def __enter__(self) -> Stage:
    try:
      self.start_redis()
      if self.is_mongo:
        self.start_mongo()
    except BaseException:
      self.__exit__()
      raise
    return self

  def __exit__(self, *_: Any) -> None:
    if self.mongo:
      self.mongo.kill()
      self.mongo.wait()
    for program in reversed(self.programs):
      self.end(program)

  # --- programs ---

  def start(self, name: str, *arguments: Any) -> subprocess.Popen[bytes]:
    """The kernel kills the program when this process dies. Its output goes to a file."""
    foreign = ("CELERY_", "BEAT_WATCH_", "PYTHON")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    with open(self.folder / f"{name}.log", "ab") as log:
      program = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *map(str, arguments)],
                                 stdin=subprocess.DEVNULL,
                                 stdout=log,
                                 stderr=log,
                                 cwd=self.folder,
                                 env=kept)
    self.programs.append(program)
    return program

  def end(self, program: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
    program.send_signal(number)
    program.wait(30)
    if program in self.programs:
      self.programs.remove(program)

  def log(self, name: str) -> str:
    return (self.folder / f"{name}.log").read_text(errors="replace")

  # --- MongoDB ---

  def start_mongo(self) -> None:
    port = free_port()
    self.start("mongo", *mongo_program.command(port, self.folder / "mongo"))
    self.mongo_url = f"mongodb://127.0.0.1:{port}/beat?directConnection=true"
    python = PROJECT / ".deps/venv/secantus/bin/python"
    self.mongo = subprocess.Popen(
      ["setpriv", "--pdeathsig", "KILL", "--", python, "-B", HERE / "mongo_store.py", self.mongo_url,
       str(port)],
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      text=True)
    expect(self.mongo.stdout.readline() == "ready\n", f"MongoDB takes writes: {self.log('mongo')[-400:]}")

  def ask_mongo(self, **request: Any) -> Any:
    self.mongo.stdin.write(json.dumps(request) + "\n")
    self.mongo.stdin.flush()
    return json.loads(self.mongo.stdout.readline())

  # --- Redis ---

  def start_redis(self) -> None:
    self.server = self.start("redis", SERVER, "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder,
                             "--save", "", "--appendonly", "no", "--enable-debug-command", "no")
    wait(lambda: self.redis("PING") == "PONG", "redis-server answers")

  def stop_redis(self) -> None:
    """What it has is in a file, for the next start."""
    self.redis("SAVE")
    assert self.server
    self.end(self.server)

  def redis(self, *words: Any, database: int = 1, text: Optional[bytes] = None) -> str:
    """What redis-cli prints."""
    run = subprocess.run(["redis-cli", "-p", str(self.port), "-n",
                          str(database), *map(str, words)],
                         input=text,
                         stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT,
                         timeout=120,
                         check=False)
    return run.stdout.decode(errors="replace").rstrip("\n")

  def put(self, name: str, document: Any, database: int = 1) -> None:
    """Stores a document as any client would. Text is stored as it is."""
    if self.is_mongo:
      self.put_all([(name, document)])
      return
    text = document if isinstance(document, str) else json.dumps({"name": name, **document})
    expect(self.redis("-x", "SET", PREFIX + name, database=database, text=text.encode()) == "OK", f"{name} is stored")

  def put_all(self, documents: Iterable[Any], database: int = 1) -> None:
    """Stores pairs of a name and a document at once."""
    if self.is_mongo:
      self.ask_mongo(put=[{**self.parsed(document), "name": name} for name, document in documents])
      return
    commands = bytearray()
    for name, document in documents:
      words = [b"SET", (PREFIX + name).encode(), json.dumps({"name": name, **document}).encode()]
      commands += b"*3\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    answer = self.redis("--pipe", database=database, text=bytes(commands))
    expect("errors: 0" in answer, f"redis-cli --pipe stores all: {answer}")

  def parsed(self, document: Any) -> Any:
    try:
      return json.loads(document) if isinstance(document, str) else document
    except ValueError:
      raise Elsewhere("MongoDB stores no broken JSON") from None

  def delete(self, *names: str) -> None:
    if self.is_mongo:
      self.ask_mongo(delete=list(names))
    else:
      self.redis("DEL", *(PREFIX + name for name in names))

  def raw(self, name: str, database: int = 1) -> str:
    """The text of a document. That of MongoDB is made from its fields."""
    if self.is_mongo:
      found = self.ask_mongo(get=name)
      return json.dumps(found) if found else ""
    return self.redis("--raw", "GET", PREFIX + name, database=database)

  def document(self, name: str) -> Any:
    text = self.raw(name)
    return json.loads(text) if text else None

  def waiting(self, queue: str = "celery") -> int:
    """The messages of a queue."""
    return int(self.redis("LLEN", queue, database=0) or 0)

  def store(self, database: int = 1) -> str:
    if self.is_mongo and database == 1:
      return self.mongo_url
    return f"redis://127.0.0.1:{self.port}/{database}"

  # --- daemon and pages ---

  def start_daemon(self, *options: Any) -> None:
    self.beat = self.start("daemon", self.program, "run", "--store-url", self.store(), "--broker-url", self.store(0),
                           "--timezone", ZONE, "--lease-ttl", "2", *options)

  def stop_daemon(self) -> None:
    assert self.beat
    self.end(self.beat, signal.SIGTERM)
    self.beat = None

  def page(self, name: str, *options: Any, database: int = 1, port: int = 0) -> Page:
    port = port if port and not is_open(port) else free_port()
    inner = free_port() if self.files else port
    program = self.start(name, self.program, "web", "--store-url", self.store(database), "--broker-url", self.store(0),
                         "--timezone", ZONE, "--listen", f"127.0.0.1:{inner}", *options)
    page = Page(program, port)
    if self.files:
      page.overlay = overlay.serve(self.files, port, inner)

    def answers() -> bool:
      expect(program.poll() is None, f"beat-watch web has ended: {self.log(name)[-400:]}")
      try:
        return page.ask("api/v1/session") == 200
      except OSError:
        return False

    wait(answers, "beat-watch web answers", 60)
    return page

  def close(self, page: Page) -> None:
    self.end(page.program)
    if page.overlay:
      page.overlay.shutdown()
      page.overlay.server_close()

  def token(self, file: pathlib.Path, user: str, role: str) -> str:
    """A token that `beat-watch token` makes."""
    run = subprocess.run([self.program, "token", user, "--role", role, "--token-file", file],
                         stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE,
                         check=True,
                         timeout=60)
    return run.stdout.decode().strip()
