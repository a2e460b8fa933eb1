"""A private SecantusDB, which stands in for mongod: it speaks MongoDB's protocol, with change streams."""

import pathlib
import socket
import subprocess
import time

from conftest import PROJECT

_PROGRAMS = PROJECT / ".deps" / "venv" / "secantus" / "bin"


class MongoServer:
  def __init__(self, folder: pathlib.Path) -> None:
    with socket.socket() as free:
      free.bind(("127.0.0.1", 0))
      self.port: int = free.getsockname()[1]
    server = _PROGRAMS / "secantusd-py"
    assert server.exists(), "no SecantusDB: run scripts/setup --test"
    log = folder / "secantus.log"
    with open(log, "wb") as output:
      self.process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", str(server), "--host", "127.0.0.1", "--port", str(self.port),
         "--storage-path", str(folder / "secantus")],
        stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    deadline = time.monotonic() + 60
    while True:
      try:
        socket.create_connection(("127.0.0.1", self.port), 1).close()
        return
      except OSError:
        assert self.process.poll() is None and time.monotonic() < deadline, log.read_text(errors="replace")
        time.sleep(0.02)

  @property
  def url(self) -> str:
    return f"mongodb://127.0.0.1:{self.port}"

  def python(self, code: str) -> str:
    """What a program with pymongo prints, in which `client` is connected with the server."""
    done = subprocess.run(
      [str(_PROGRAMS / "python"), "-B", "-c",
       f"import pymongo\nclient = pymongo.MongoClient({self.url!r}, serverSelectionTimeoutMS=20_000)\n{code}"],
      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout

  def end(self) -> None:
    self.process.kill()
    self.process.wait()
