"""One RabbitMQ, one Redis, and the programs that use them: daemons, and Celery. No program outlives the scene."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
from typing import Any, Callable, Dict, List

import redis

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
VENVS = PROJECT / ".deps/venv"
PREFIX = "tasks:meta:"
sys.path.append(str(HERE.parent / "Chaos"))
from rabbit import Rabbit  # noqa: E402

SERVER = os.environ.get("REACTIVEBEAT_TEST_SERVER", "redis-server")


class Failed(Exception):
  """Something that should have happened has not. The text says what."""


def wait(condition: Callable[[], Any], what: str, seconds: float = 60) -> None:
  deadline = time.monotonic() + seconds
  while not condition():
    if time.monotonic() > deadline:
      raise Failed(f"{what}: not within {seconds:g} s")
    time.sleep(0.02)


class Scene:
  """`with Scene(folder, program) as scene:` gives the servers, and ends all programs.

  The schedules are in Redis' database 1. `settings` are those of the RabbitMQ's configuration.
  """

  def __init__(self, folder: pathlib.Path, program: pathlib.Path, **settings: Any) -> None:
    self.folder = folder
    self.program = program
    self.programs: List[subprocess.Popen[bytes]] = []
    self.rabbit = Rabbit(folder / "rabbitmq", **settings)

  def __enter__(self) -> Scene:
    try:
      self.rabbit.start()
      self.socket = self.folder / "redis.sock"
      self.start("redis", SERVER, "--port", 0, "--unixsocket", self.socket, "--dir", self.folder, "--save", "",
                 "--appendonly", "no")
      wait(self.is_redis_up, "redis-server")
      self.rabbit.wait()
    except BaseException:
      self.__exit__()
      raise
    return self

  def __exit__(self, *_: Any) -> None:
    for program in reversed(self.programs):
      self.end(program)
    self.rabbit.end()

  def is_redis_up(self) -> bool:
    try:
      with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(self.socket))
      return bool(self.redis(0).ping())
    except (OSError, redis.ConnectionError):
      return False

  def redis(self, number: int) -> Any:
    return redis.Redis(unix_socket_path=str(self.socket), db=number)

  def store_url(self) -> str:
    return f"redis+socket://{self.socket}?virtual_host=1"

  def start(self, name: str, *arguments: Any, **environment: str) -> subprocess.Popen[bytes]:
    """The kernel kills the program when this process dies. Its output goes to a file."""
    foreign = ("CELERY_", "BEAT_WATCH_", "PYTHON")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    with open(self.folder / f"{name}.log", "ab") as log:
      program = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=log,
        stderr=log, start_new_session=True, cwd=self.folder, env=kept | {"PYTHONDONTWRITEBYTECODE": "1"} | environment)
    self.programs.append(program)
    return program

  def end(self, program: subprocess.Popen[bytes]) -> None:
    program.kill()
    program.wait()

  def daemon(self, name: str, broker: str, *options: Any, store: str = "") -> subprocess.Popen[bytes]:
    """Starts a daemon whose log has this name."""
    return self.start(
      name, self.program, "run", "--store-url", store or self.store_url(), "--broker-url", broker, *options)

  def write(self, document: Dict[str, Any]) -> None:
    """Stores a document."""
    self.redis(1).set(PREFIX + document["name"], json.dumps(document))

  def log(self, name: str) -> str:
    return (self.folder / f"{name}.log").read_text(errors="replace")
