"""What the package's tests share: a private Redis, and the daemon that was built."""

import os
import pathlib
import shutil
import signal
import subprocess
import time
from typing import Any, Iterator

import pytest
import redis

PROJECT = pathlib.Path(__file__).resolve().parents[3]
SERVER = os.environ.get("REACTIVEBEAT_TEST_SERVER", "redis-server")


class Server:
  """A Redis of the test's own, on a unix socket; it ends with the test."""

  def __init__(self, folder: pathlib.Path, *options: str) -> None:
    self.socket = str(folder / "redis.sock")
    self.process = subprocess.Popen(
      ["setpriv", "--pdeathsig", "KILL", "--", SERVER, "--port", "0", "--unixsocket", self.socket, "--dir", str(folder),
       "--save", "", "--appendonly", "no", *options],
      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while True:
      try:
        self.client(0).ping()
        return
      except redis.ConnectionError:
        assert self.process.poll() is None and time.monotonic() < deadline, "redis-server did not start"
        time.sleep(0.01)

  def url(self, database: int) -> str:
    """The address as Celery writes it."""
    return f"redis+socket://{self.socket}?virtual_host={database}"

  def client(self, database: int = 1) -> Any:
    return redis.Redis(unix_socket_path=self.socket, db=database)

  def end(self) -> None:
    self.process.kill()
    self.process.wait()


class Daemon:
  """beat-watch on a test's Redis. Its log is in `log`."""

  def __init__(self, program: pathlib.Path, server: Server, folder: pathlib.Path, *options: str) -> None:
    self.log = folder / "beat-watch.log"
    with open(self.log, "wb") as log:
      self.process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", str(program), "run", "--store-url", server.url(1), "--broker-url",
         server.url(0), *options],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    self.wait_for("notice ready")

  def wait_for(self, text: str, seconds: float = 60) -> str:
    """The first line of the log that holds `text`."""
    deadline = time.monotonic() + seconds
    while True:
      lines = self.log.read_text(errors="replace").splitlines()
      found = next((line for line in lines if text in line), None)
      if found is not None:
        return found
      assert self.process.poll() is None, f"beat-watch has ended; its log: {lines[-20:]}"
      assert time.monotonic() < deadline, f"{text!r} did not come; the log: {lines[-20:]}"
      time.sleep(0.01)

  def end(self) -> None:
    if self.process.poll() is None:
      self.process.send_signal(signal.SIGTERM)
    try:
      self.process.wait(20)
    except subprocess.TimeoutExpired:
      self.process.kill()
      self.process.wait()


@pytest.fixture
def server(tmp_path: pathlib.Path) -> Iterator[Server]:
  folder = tmp_path / "redis"
  folder.mkdir()
  server = Server(folder)
  yield server
  server.end()


@pytest.fixture(scope="session")
def beat_watch() -> pathlib.Path:
  """The daemon's program: BEAT_WATCH_PROGRAM, or what scripts/build has built."""
  named = os.environ.get("BEAT_WATCH_PROGRAM")
  if named:
    return pathlib.Path(named)
  built = [PROJECT / ".build" / mode / "beat-watch" for mode in ("release", "debug")]
  found = next((path for path in built if path.exists()), None) or shutil.which("beat-watch")
  assert found, "no beat-watch: run scripts/build first"
  return pathlib.Path(found)


@pytest.fixture
def daemon(beat_watch: pathlib.Path, server: Server, tmp_path: pathlib.Path) -> Iterator[Daemon]:
  daemon = Daemon(beat_watch, server, tmp_path)
  yield daemon
  daemon.end()
