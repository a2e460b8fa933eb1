"""The page on MongoDB, where documents are values and no text: what JSON can say and BSON cannot."""

import json
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Servers"))

import mongo_program  # noqa: E402
from contents import IDS, hostile_documents, members, no_error, quoted  # noqa: E402
from register import attack  # noqa: E402
from webstage import Site, document, free_port, id_of, spawn  # noqa: E402

VALUES = [
  {"$set": 1}, {"a.b": 1}, {"$where": "x"}, {"_id": 1}, {"_id": {"$oid": "x"}}, {"kwargs": {"$date": 1}},
  {"kwargs": {"$date": "x"}}, {"kwargs": {"$numberLong": "x"}}, {"kwargs": {"$numberDecimal": "NaN"}},
  {"kwargs": {"$binary": {"base64": "!!", "subType": "zz"}}}, {"kwargs": {"$oid": "zz"}},
  {"kwargs": {"$regularExpression": {"pattern": "(", "options": "zz"}}}, {"kwargs": {"a\x00b": 1}},
  {"kwargs": {"": 1}}, {"args": [2 ** 63, -2 ** 63, 2 ** 64, 10 ** 400, -0.0]}, {"kwargs": {"$code": "x", "$scope": {}}},
  {"kwargs": {"$timestamp": {"t": -1, "i": 2 ** 40}}}, {"kwargs": {"$dbPointer": {}}}, {"args": ["\ud800"]}]


@attack("documents that MongoDB cannot hold, through every call", "mongodb", short=False)
def unholdable(a):
  """Operators, dots, NUL, numbers beyond all types, names that are no text: refused with a reason, and never with 500."""
  if not mongo_program.MONGOD and not (mongo_program.PROGRAMS / "secantusd-py").exists():
    return a.note("left out: there is no SecantusDB (scripts/setup --test)")
  stage, port = a.stage, free_port()
  with open(stage.folder / "mongodb.log", "wb") as log:
    server = spawn(mongo_program.command(port, stage.folder / "mongodb"), stdout=log, stderr=subprocess.STDOUT)
  site = Site(stage, "page-mongodb", ())
  site.environment |= {"CELERY_REDIS_SCHEDULER_URL": f"mongodb://127.0.0.1:{port}/celery?directConnection=true"}
  stage.sites["mongodb"] = site.start()
  try:
    editor = site.visitor()
    deadline = time.monotonic() + 30
    while editor.get("/api/v1/system").status != 200 and time.monotonic() < deadline:
      time.sleep(0.2)
    pairs = [pair for pair in hostile_documents() if len(pair[1]) < 100_000 and isinstance(pair[0], str) and pair[0]]
    pairs += [(f"value-{n}", json.dumps(json.loads(document("x")) | more)) for n, more in enumerate(VALUES)]
    for name, text in pairs:
      raw = text if isinstance(text, str) else text.decode(errors="replace")
      place, shown = f"/api/v1/schedules/{id_of(name)}", repr(name[:20])
      no_error(a, f"create {shown}", editor.call("POST", "/api/v1/schedules", {"name": name, "document": raw}))
      for more in ("", "/explanation", "/runs"):
        no_error(a, f"{shown}{more}", editor.get(place + more))
      seen = (editor.get(place).json or {}).get("digest") or "0" * 40
      for content in (raw, document("x", args=[1])):
        no_error(a, f"save {shown}", editor.call("PUT", place, {"document": content, "seen": seen}))
      no_error(a, f"disable {shown}", editor.call("POST", place + "/disable"))
      no_error(a, f"rename {shown}", editor.call("POST", place + "/rename", {"name": name[:500] + "r"}))
    for id in IDS:
      if id and id.isascii():
        no_error(a, f"the id {id[:30]!r}", editor.get(f"/api/v1/schedules/{id}/explanation"))
    for value in members():
      body = b'{"name": %s, "document": %s}' % (value, quoted(document("made")))
      no_error(a, f"the name {value[:30]!r}", editor.call("POST", "/api/v1/schedules", body))
    for target in ("schedules?limit=200", "facets", "runs", "system", "system/doctor", "system/activity"):
      no_error(a, target, editor.get("/api/v1/" + target))
    a.wrong += stage.ended()
  finally:
    site.process.kill()
    site.process.wait()
    del stage.sites["mongodb"]
    server.kill()
    server.wait()
