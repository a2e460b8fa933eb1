"""Stores documents, a JSON list that it reads, in a MongoDB. Its arguments are a URL and the port; it needs pymongo."""

import json
import pathlib
import sys

import pymongo

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "Servers"))
import mongo_program  # noqa: E402

client = pymongo.MongoClient(sys.argv[1], directConnection=True)
mongo_program.elect(client, int(sys.argv[2]))
client.get_default_database()["schedules"].insert_many(json.load(sys.stdin))
