"""A SecantusDB, which stands in for mongod, or a mongod itself, for the storm on a MongoDB store."""

import pathlib
import socket
import sys
import time

import pymongo

from servers import spawn

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "Servers"))
import mongo_program  # noqa: E402

DATABASE, SCHEDULES = "celery", "schedules"
MARKS = f"{SCHEDULES}.reactivebeat.marks"
HISTORY = f"{SCHEDULES}.reactivebeat.history"


class Store:
  """Keeps the writes that it has acknowledged to `j: true` through `kill`."""

  def __init__(self, folder):
    self.folder = pathlib.Path(folder)
    with socket.socket() as probe:
      probe.bind(("127.0.0.1", 0))
      self.port = probe.getsockname()[1]
    self.process = None
    self.starts = 0

  def start(self):
    with open(self.folder / "store.log", "ab") as log:
      # The log of all writes is read at the end, so it must hold all of them.
      self.process = spawn(
        mongo_program.command(
          self.port, self.folder / "data", "--log-level", "WARNING", "--oplog-max-entries", 10_000_000,
          "--oplog-retention-seconds", 1_000_000, oplog_megabytes=4000), stdout=log, stderr=log)
    self.starts += 1

  @property
  def url(self):
    return f"mongodb://127.0.0.1:{self.port}/{DATABASE}"

  def client(self, **options):
    """A client that writes as users must here: what is acknowledged stays, and nothing is sent twice."""
    return pymongo.MongoClient(
      self.url, directConnection=True, serverSelectionTimeoutMS=2000, socketTimeoutMS=6000, retryWrites=False,
      retryReads=False, journal=True, datetime_conversion="DATETIME_MS", **options)

  @property
  def listens(self):
    try:
      socket.create_connection(("127.0.0.1", self.port), 0.2).close()
      return True
    except OSError:
      return False

  def wait(self, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
      try:
        mongo_program.elect(self.client(), self.port, seconds)
        return
      except pymongo.errors.PyMongoError:
        time.sleep(0.05)
    raise RuntimeError(f"the store is not ready after {seconds} s; see {self.folder}/store.log")

  def kill(self):
    self.process.kill()
    self.process.wait()

  def signal(self, number):
    self.process.send_signal(number)
