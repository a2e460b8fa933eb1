"""The program that speaks MongoDB's protocol in tests: SecantusDB, or the mongod that REACTIVEBEAT_TEST_MONGOD names
(`scripts/test --mongod`)."""

import os
import pathlib
import time

PROGRAMS = pathlib.Path(__file__).resolve().parents[2] / ".deps" / "venv" / "secantus" / "bin"
MONGOD = os.environ.get("REACTIVEBEAT_TEST_MONGOD")
#: SecantusDB has no other name for its replica set.
REPLICA_SET = "secantus"


def command(port, storage, *secantus, oplog_megabytes=None):
  """The command line of a server on 127.0.0.1, with its files in `storage`. `secantus` is more of SecantusDB's own."""
  if not MONGOD:
    program = PROGRAMS / "secantusd-py"
    assert program.exists(), "no SecantusDB: run scripts/setup --test"
    return [str(program), "--host", "127.0.0.1", "--port", str(port), "--storage-path", str(storage), *map(str, secantus)]
  pathlib.Path(storage).mkdir(exist_ok=True)
  oplog = ["--oplogSize", str(oplog_megabytes)] if oplog_megabytes else []
  return [MONGOD, "--bind_ip", "127.0.0.1", "--port", str(port), "--dbpath", str(storage), "--nounixsocket",
          "--wiredTigerCacheSizeGB", "0.25", "--replSet", REPLICA_SET, *oplog]


def elect(client, port, seconds=60):
  """Returns when the server takes writes. A new mongod becomes the one member of its replica set first.

  The client is connected with this server alone (`directConnection`).
  """
  import pymongo

  deadline = time.monotonic() + seconds
  if MONGOD:
    try:
      client.admin.command("replSetInitiate", {
        "_id": REPLICA_SET, "members": [{"_id": 0, "host": f"127.0.0.1:{port}"}],
        "settings": {"electionTimeoutMillis": 1000}})
    except pymongo.errors.OperationFailure as error:
      if error.code != 23:  # AlreadyInitialized
        raise
  while not client.admin.command("hello")["isWritablePrimary"]:
    assert time.monotonic() < deadline, f"no election within {seconds} s"
    time.sleep(0.02)
