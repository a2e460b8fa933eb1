"""A thousand edits by mongoengine and pymongo at once, on schedules that two daemons fire each second: no field of any
user may be lost. Started by scripts/mongo-storm --edits N.

Each edit writes a field of its own, so that one that was lost for a moment shows at the end.
"""

import base64
import collections
import concurrent.futures
import json
import random
import threading
import time

import bson
import mongoengine

from mongo_judge import BOOKKEEPING
from mongo_store import DATABASE, MARKS, SCHEDULES
from mongo_users import value

SHARED = [f"shared{i:02d}" for i in range(16)]  # edited field by field, by many at a time
WHOLE = [f"whole{i:02d}" for i in range(8)]  # saved as a whole, by one user each: two of them undo each other's edits
EDITORS = 40


class Interval(mongoengine.EmbeddedDocument):
  every = mongoengine.IntField()
  period = mongoengine.StringField()


class PeriodicTask(mongoengine.DynamicDocument):
  """A schedule, as applications declare it."""
  meta = {"collection": SCHEDULES, "allow_inheritance": True, "auto_create_index": False}

  name = mongoengine.StringField(required=True)
  task = mongoengine.StringField(required=True)
  enabled = mongoengine.BooleanField(default=True)
  interval = mongoengine.EmbeddedDocumentField(Interval)
  args = mongoengine.ListField()
  kwargs = mongoengine.DictField()
  catchup = mongoengine.StringField()
  last_run_at = mongoengine.DateTimeField()
  total_run_count = mongoengine.IntField(min_value=0)
  run_immediately = mongoengine.BooleanField()


class Editors:
  def __init__(self, store, count, seed):
    self.count = count
    self.seed = seed
    self.collection = store.client()[DATABASE][SCHEDULES]
    mongoengine.connect(
      host=store.url, directConnection=True, retryWrites=False, journal=True, uuidRepresentation="standard")
    self.locks = {name: threading.Lock() for name in WHOLE}
    self.expected = collections.defaultdict(dict)  # name -> field -> value
    self.kwargs = collections.defaultdict(dict)  # name -> key -> value
    self.kinds = collections.Counter()

  def fill(self):
    for name in SHARED + WHOLE:
      PeriodicTask(
        name=name, task="storm.task", interval=Interval(every=1, period="seconds"), args=[name], kwargs={"first": 1},
        catchup="all").save()

  def run(self):
    """Makes all edits. Returns how many seconds they took."""
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(EDITORS) as pool:
      for done in [pool.submit(self.edit, number) for number in range(self.count)]:
        done.result()
    return time.monotonic() - began

  def edit(self, number):
    r = random.Random(f"{self.seed}/{number}")
    time.sleep(r.random() * 0.2)
    kind = (self.save, self.save_nested, self.set, self.set_nested, self.replace)[number % 5]
    name = r.choice(WHOLE if kind == self.replace else SHARED)
    field = f"edit{number:04d}"
    if kind in (self.save_nested, self.set_nested):
      kind(name, field, number, r)
      self.kwargs[name][field] = number
    else:
      item = value(r)
      # mongoengine takes null for a field that is to be removed.
      item = number if item is None else item
      kind(name, field, item, r)
      self.expected[name][field] = item
    self.kinds[kind.__name__] += 1

  # --- kinds of edits; between reading and writing the daemons fire ---

  def save(self, name, field, item, r):
    task = PeriodicTask.objects.get(name=name)
    time.sleep(r.random() * 1.5)
    setattr(task, field, item)
    task.save()

  def save_nested(self, name, field, number, r):
    task = PeriodicTask.objects.get(name=name)
    time.sleep(r.random() * 1.5)
    task.kwargs[field] = number
    task.save()

  def set(self, name, field, item, _):
    assert self.collection.update_one({"name": name}, {"$set": {field: item}}).matched_count == 1

  def set_nested(self, name, field, number, _):
    assert self.collection.update_one({"name": name}, {"$set": {f"kwargs.{field}": number}}).matched_count == 1

  def replace(self, name, field, item, r):
    with self.locks[name]:
      document = self.collection.find_one({"name": name})
      time.sleep(r.random() * 0.3)
      assert self.collection.replace_one({"_id": document["_id"]}, document | {field: item}).matched_count == 1


def encoded(item):
  """As BSON, so that 1, 1.0 and a long 1 are not the same. mongoengine writes dates of its own type."""
  return bson.encode({"": item})


def check(editors, documents, marks, queue, find):
  """`find(what, words)` gets what is wrong."""
  runs = collections.defaultdict(list)
  for message in queue:
    args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
    runs[args[0]].append((message["headers"]["id"], kwargs))
  fields = 0
  for name in SHARED + WHOLE:
    document, expected = documents[name], editors.expected[name]
    kwargs = {"first": 1} | editors.kwargs[name]
    fixed = {
      "_cls": "PeriodicTask", "name": name, "task": "storm.task", "enabled": False, "args": [name], "catchup": "all"}
    for field, item in (fixed | expected).items():
      fields += 1
      if field not in document or encoded(document[field]) != encoded(item):
        find("users' fields", f"{name}: {field} is {document.get(field)!r}, and {item!r} was written")
    for field, item in kwargs.items():
      fields += 1
      if document["kwargs"].get(field) != item:
        find("users' fields", f"{name}: kwargs.{field} is {document['kwargs'].get(field)!r}, and {item!r} was written")
    if others := set(document) - set(fixed) - set(expected) - BOOKKEEPING - {"_id", "interval", "kwargs"}:
      find("users' fields", f"{name}: nobody has written {others}")
    ids = [task for task, _ in runs[name]]
    if len(set(ids)) != len(ids):
      find("twice", f"{name}: {len(ids) - len(set(ids))} messages are repeats")
    due, task, count = marks[name]["mark"].split("|")[:3]
    said = document["total_run_count"], int(document["last_run_at"])
    if int(count) != len(ids) or said != (int(count), int(due) // 1000):
      find("counts", f"{name}: {len(ids)} messages; the watermark says {marks[name]['mark']}, the document "
           f"{document['total_run_count']} runs, the last one {document['last_run_at']}")
    if not ids or ids[-1] != task or runs[name][-1][1] != kwargs:
      find("stale", f"{name}: the last message is {runs[name][-1:]}, and the document's kwargs are {kwargs}")
  return fields


def run(storm):
  """Runs the edits in a storm's place, whose servers and daemons it uses, without any strikes."""
  try:
    storm.store.start()
    storm.broker.start()
    storm.store.wait()
    editors = Editors(storm.store, storm.options.edits, storm.options.seed)
    editors.fill()
    for daemon in storm.daemons:
      daemon.start()
    storm.until("the daemons are ready", lambda: all(daemon.is_ready for daemon in storm.daemons), 60)
    took = editors.run()
    edited = int(time.time() * 1_000_000)
    database = storm.store.client()[DATABASE]

    def marks():
      return {row["_id"]: row for row in database[MARKS].find({"_id": {"$type": "string"}})}
    storm.until(
      "all schedules have run", lambda: all(int(row["mark"][:20]) > edited for row in marks().values()), 60)
    database[SCHEDULES].update_many({}, {"$set": {"enabled": False}})
    storm.rest()
    queue = storm.queue()
    documents = {row["name"]: row for row in database[SCHEDULES].find()}
    fields = check(editors, documents, marks(), queue, storm.find)
    storm.result.figures = {
      "edits": sum(editors.kinds.values()), "kinds of edits": editors.kinds, "seconds": round(took, 1),
      "editors at once": EDITORS, "schedules": len(documents), "messages": len(queue), "fields compared": fields}
  finally:
    storm.end()
