"""One SecantusDB (or mongod), one Redis, and the programs that use them. No program outlives the scene."""

from __future__ import annotations

import os
import pathlib
import socket
import subprocess
import sys
import time
from typing import Any, Callable, Dict, List

import pymongo
import redis

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
sys.path.append(str(PROJECT / "Tests/Servers"))
import mongo_program  # noqa: E402

SERVER = os.environ.get("REACTIVEBEAT_TEST_SERVER", "redis-server")


class Failed(Exception):
  """Something that should have happened has not. The text says what."""


def wait(condition: Callable[[], Any], what: str, seconds: float = 60) -> None:
  deadline = time.monotonic() + seconds
  while not condition():
    if time.monotonic() > deadline:
      raise Failed(f"{what}: not within {seconds:g} s")
    time.sleep(0.02)


def free_port() -> int:
  with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    return int(probe.getsockname()[1])


class Scene:
  """`with Scene(folder, venvs) as scene:` gives two servers, and ends all programs."""

  def __init__(self, folder: pathlib.Path, venvs: pathlib.Path) -> None:
    self.folder = folder
    self.venvs = venvs
    self.programs: List[subprocess.Popen[bytes]] = []

  def __enter__(self) -> Scene:
    self.socket = self.folder / "redis.sock"
    self.port = free_port()
    self.start("redis", SERVER, "--port", 0, "--unixsocket", self.socket, "--dir", self.folder, "--save", "",
               "--appendonly", "no")
    self.start("mongo", *mongo_program.command(self.port, self.folder / "data"))
    self.mongo: pymongo.MongoClient[Dict[str, Any]] = pymongo.MongoClient(
      f"mongodb://127.0.0.1:{self.port}", directConnection=True, serverSelectionTimeoutMS=60_000)
    mongo_program.elect(self.mongo, self.port)
    wait(self.socket.exists, "redis-server")
    return self

  def __exit__(self, *_: Any) -> None:
    for program in reversed(self.programs):
      program.kill()
      program.wait()

  def redis(self, number: int) -> Any:
    return redis.Redis(unix_socket_path=str(self.socket), db=number)

  def redis_url(self, number: int) -> str:
    return f"redis+socket://{self.socket}?virtual_host={number}"

  def mongo_url(self, database: str) -> str:
    return f"mongodb://127.0.0.1:{self.port}/{database}"

  def start(self, name: str, *arguments: Any, **environment: str) -> subprocess.Popen[bytes]:
    """The kernel kills the program when this process dies. Its output goes to a file."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CELERY_", "BEAT_WATCH_", "PYTHON"))}
    with open(self.folder / f"{name}.log", "ab") as log:
      program = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True, cwd=self.folder,
        env=kept | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(HERE)} | environment)
    self.programs.append(program)
    return program

  def log(self, name: str) -> str:
    return (self.folder / f"{name}.log").read_text(errors="replace")
