"""Somebody who uses the schedules in a MongoDB with pymongo.

It reads requests as lines of JSON, and answers each with one. Its arguments are a URL and the server's port.
"""

import json
import pathlib
import sys

import pymongo
from bson import json_util

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "Servers"))
import mongo_program  # noqa: E402

client = pymongo.MongoClient(sys.argv[1], directConnection=True)
mongo_program.elect(client, int(sys.argv[2]))
schedules = client.get_default_database()["schedules"]
print("ready", flush=True)
for line in sys.stdin:
  request = json.loads(line)
  if documents := request.get("put"):
    schedules.bulk_write([pymongo.ReplaceOne({"name": each["name"]}, each, upsert=True) for each in documents])
    print("null", flush=True)
  elif names := request.get("delete"):
    schedules.delete_many({"name": {"$in": names}})
    print("null", flush=True)
  else:
    found = schedules.find_one({"name": request["get"]}, {"_id": 0})
    print(json_util.dumps(found), flush=True)
