"""A private SecantusDB, which stands in for mongod (or a mongod: scripts/test --mongod), with change streams."""

import pathlib
import socket
import subprocess
import sys
import time

from conftest import PROJECT

_SERVERS = str(PROJECT / "Tests" / "Servers")
sys.path.append(_SERVERS)
import mongo_program  # noqa: E402


class MongoServer:
  def __init__(self, folder: pathlib.Path) -> None:
    with socket.socket() as free:
      free.bind(("127.0.0.1", 0))
      self.port: int = free.getsockname()[1]
    log = folder / "mongo.log"
    with open(log, "wb") as output:
      self.process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", *mongo_program.command(self.port, folder / "mongo")],
        stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    deadline = time.monotonic() + 60
    while True:
      try:
        socket.create_connection(("127.0.0.1", self.port), 1).close()
        break
      except OSError:
        assert self.process.poll() is None and time.monotonic() < deadline, log.read_text(errors="replace")
        time.sleep(0.02)
    if mongo_program.MONGOD:
      self.python(
        f"import sys\nsys.path.append({_SERVERS!r})\nimport mongo_program\n"
        f"mongo_program.elect(pymongo.MongoClient({self.url!r}, directConnection=True), {self.port})")

  @property
  def url(self) -> str:
    return f"mongodb://127.0.0.1:{self.port}"

  def python(self, code: str) -> str:
    """What a program with pymongo prints, in which `client` is connected with the server."""
    done = subprocess.run(
      [str(mongo_program.PROGRAMS / "python"), "-B", "-c",
       f"import pymongo\nclient = pymongo.MongoClient({self.url!r}, serverSelectionTimeoutMS=20_000)\n{code}"],
      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout

  def end(self) -> None:
    self.process.kill()
    self.process.wait()
