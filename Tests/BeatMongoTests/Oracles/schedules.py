"""Writes schedules.txt: documents as celerybeat-mongo 0.2.0, its newest version and celery-mongobeat 0.2.0 have stored
them. Each line: the document in hexadecimal, and what kombu writes of [args, kwargs]. Needs pymongo and Celery:
`python3 schedules.py FILE... > schedules.txt`; the files hold Extended JSON, a document on each line.
"""
import sys

sys.path.pop(0)  # This folder: a script in it has Celery's own name.

import bson  # noqa: E402
from bson import json_util  # noqa: E402
from kombu.utils.json import dumps  # noqa: E402

for name in sys.argv[1:]:
  with open(name, encoding="utf-8") as file:
    for line in file:
      encoded = bson.encode(json_util.loads(line))
      document = bson.decode(encoded)
      print(encoded.hex(), dumps([document.get("args"), document.get("kwargs")]))
