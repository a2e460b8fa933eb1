"""Users who edit a MongoDB store's schedules all the time, in all the ways in which clients do.

Each edit carries a number of its own, in the field `own` and in the task's `kwargs`. So a message tells which edit its
document came from, and the server's log of writes tells in which order edits and fires happened.
"""

import datetime
import random
import threading
import time

import bson
from bson import Decimal128, Int64, ObjectId
from pymongo.errors import PyMongoError

from mongo_store import DATABASE, SCHEDULES

WILD = [f"wild{i}" for i in range(6)]  # edited in all ways
CALM = [f"calm{i}" for i in range(4)]  # never rescheduled, so no occurrence may be missing
ASKED = [f"asked{i}" for i in range(4)]  # run only when they are asked to
INTERVALS = [600, 1000, 1500]  # milliseconds: a busy machine must keep up between two strikes

EDITS = {
  "args": 3, "field": 2, "every": 2, "off": 1, "on": 3, "count": 1, "stale": 3, "again": 1, "second": 1, "instead": 1,
  "unset": 1,
}
CALM_EDITS = {"args": 2, "field": 1, "stale": 2, "unset": 1}
ASKED_EDITS = {"ask": 6, "args": 1}


def value(r):
  """A value of one of the types that users' own fields have."""
  return r.choice([
    lambda: r.randrange(1 << 31), lambda: Int64(r.randrange(1 << 31)), lambda: r.random(), lambda: f"text {r.random()}",
    lambda: ObjectId(), lambda: Decimal128(f"{r.randrange(1000)}.10"), lambda: None, lambda: r.random() < 0.5,
    lambda: bson.DatetimeMS(r.randrange(1 << 40)), lambda: {"a": Int64(r.randrange(9)), "b": [1, 2.0, {"c": None}]},
  ])()


class Users(threading.Thread):
  def __init__(self, store, seed):
    super().__init__(daemon=True, name="users")
    self.random = random.Random(f"{seed}/users")
    self.store = store
    self.collection = store.client()[DATABASE][SCHEDULES]
    self.own = 0
    self.acknowledged = {}  # number of an edit -> (milliseconds since 1970, kind)
    self.seconds = set()  # the numbers of documents that stand beside the one of their name
    self.counts = {}  # kind -> how many were acknowledged
    self.unsure = 0  # edits without an answer
    self.is_over = False
    self.problem = None

  def run(self):
    try:
      while not self.is_over:
        try:
          self.step()
        except PyMongoError:
          self.unsure += 1
          self.recover()
        time.sleep(self.random.uniform(0, 0.06))
    except BaseException as error:
      self.problem = error
      raise

  def fill(self):
    for name in WILD + CALM + ASKED:
      self.collection.insert_one(self.document(name))
      self.note("new")

  def document(self, name):
    self.own += 1
    every = {"every": 10, "period": "days"}
    if name not in ASKED:
      every = {"every": self.random.choice(INTERVALS), "period": "milliseconds"}
    return {
      "_cls": "PeriodicTask", "name": name, "task": "storm.task", "enabled": True, "interval": every, "args": [],
      "kwargs": {"own": self.own}, "catchup": "all", "own": self.own, "note": value(self.random)}

  def note(self, kind):
    self.acknowledged[self.own] = (time.time() * 1000, kind)
    self.counts[kind] = self.counts.get(kind, 0) + 1

  def step(self):
    name = self.random.choice(WILD * 2 + CALM + ASKED * 2)
    kinds = EDITS if name in WILD else CALM_EDITS if name in CALM else ASKED_EDITS
    kind = self.random.choices(list(kinds), kinds.values())[0]
    if getattr(self, kind)(name) is not False:
      self.note(kind)

  def set(self, name, fields, unset=()):
    self.own += 1
    update = {"$set": fields | {"own": self.own, "kwargs": {"own": self.own}}}
    if unset:
      update["$unset"] = dict.fromkeys(unset, "")
    return self.collection.update_one({"name": name}, update).matched_count == 1

  # --- kinds of edits; False: it changed nothing ---

  def args(self, name):
    return self.set(name, {"args": [self.random.randrange(100)]})

  def field(self, name):
    return self.set(name, {f"field{self.random.randrange(6)}": value(self.random)})

  def unset(self, name):
    return self.set(name, {}, [f"field{self.random.randrange(6)}"])

  def every(self, name):
    return self.set(name, {"interval": {"every": self.random.choice(INTERVALS), "period": "milliseconds"}})

  def off(self, name):
    return self.set(name, {"enabled": False})

  def on(self, name):
    return self.set(name, {"enabled": True})

  def count(self, name):
    return self.set(name, {"total_run_count": self.random.randrange(5000)})

  def stale(self, name):
    """Saves the whole document as it was read some time ago, with the bookkeeping of that time."""
    document = self.collection.find_one({"name": name})
    if document is None:
      return False
    time.sleep(self.random.random() * 0.3)
    self.own += 1
    document |= {"own": self.own, "kwargs": {"own": self.own}, "args": [self.random.randrange(100)]}
    return self.collection.replace_one({"_id": document["_id"]}, document).matched_count == 1

  def again(self, name):
    """Deletes a schedule and makes it again."""
    self.collection.delete_one({"name": name})
    time.sleep(self.random.choice([0, 0.01, 0.05]))
    self.collection.insert_one(self.document(name))

  def second(self, name):
    """A second document of the same name comes, and goes again: it may not run, and the first one goes on."""
    document = self.document(name)
    self.seconds.add(self.own)
    made = self.collection.insert_one(document).inserted_id
    time.sleep(self.random.random() * 0.5)
    self.collection.delete_one({"_id": made})

  def instead(self, name):
    """A new document takes the place of the old one, which goes afterwards."""
    old = self.collection.find_one({"name": name}, {"_id": True})
    self.collection.insert_one(self.document(name))
    time.sleep(self.random.random() * 0.1)
    if old:
      self.collection.delete_one({"_id": old["_id"]})

  def ask(self, name):
    """Asks for a run, if none is asked for. The edit's number stays, since the document's meaning stays."""
    found = self.collection.update_one(
      {"name": name, "run_immediately": {"$ne": True}}, {"$set": {"run_immediately": True}})
    if found.matched_count:
      self.counts["ask"] = self.counts.get("ask", 0) + 1
    return False

  def rest(self):
    """Switches all schedules off. Returns the names of those that ran."""
    running = {row["name"] for row in self.collection.find({"enabled": True}, {"name": True})}
    for name in WILD + CALM:
      if self.off(name):
        self.note("off")
    return running

  # --- after the store was away ---

  def recover(self):
    """Waits for the store, and puts right what an edit of several writes has left."""
    while not self.is_over:
      try:
        for name in WILD + CALM + ASKED:
          rows = sorted(self.collection.find({"name": name}, {"_id": True}), key=lambda row: row["_id"])
          for row in rows[1:]:
            self.collection.delete_one({"_id": row["_id"]})
          if not rows:
            self.collection.insert_one(self.document(name))
            self.note("new")
        return
      except PyMongoError:
        time.sleep(0.1)
