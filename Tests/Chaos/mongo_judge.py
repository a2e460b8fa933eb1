"""Judges a storm by two records: the queue, and the store's own log of writes, in which edits and fires are one series.

Times are milliseconds since 1970 unless a name says otherwise; watermarks' due times are microseconds.
"""

import base64
import collections
import copy
import json
import pathlib
import uuid

import bson

from mongo_store import DATABASE, MARKS, SCHEDULES
from mongo_users import ASKED, CALM

LEAD = 50  # how long before its due time an occurrence may be sent
PATIENCE = 1000  # how long after the look at the lease a fire may be written
SLACK = 1000  # how far the time in the server's log may be from the time at which it compared
BOOKKEEPING = {"last_run_at", "total_run_count", "run_immediately"}


class Version:
  """What one edit made of a document: it is in force until the next edit of the document."""

  def __init__(self, number, document, at, schedule):
    self.number = number
    self.of = document["_id"]
    self.name = document["name"]
    self.is_enabled = document["enabled"]
    self.every = document["interval"]["every"] if document["interval"]["period"] == "milliseconds" else None
    self.begins = at
    self.schedule = schedule  # counts the changes of the schedule under this name
    self.ended_by = None  # the number of the edit that ended it; 0: a deletion

  @property
  def rule(self):
    return self.of, self.is_enabled, self.every


class Fire:
  def __init__(self, place, at, name, mark, before):
    self.place, self.at, self.name = place, at, name
    self.due, self.id, self.count, self.digest = mark
    self.before = before  # the watermark that it replaced; None: there was none


def parsed(mark):
  due, task, count, digest = (mark.split("|") + ["", ""])[:4]
  return int(due), task, int(count), digest


def put(document, path, value):
  """Sets a field by a path such as `kwargs.own` or `args.0`."""
  *way, last = path.split(".")
  at = document
  for part in way:
    at = at[int(part)] if isinstance(at, list) else at.setdefault(part, {})
  if isinstance(at, list):
    index = int(last)
    at[index:index + 1] = [value]
  else:
    at[last] = value


def typed(document):
  """The users' fields as BSON: 1, 1.0 and a long 1 are not the same."""
  return {key: bson.encode({"": item}) for key, item in document.items() if key not in BOOKKEEPING}


class Record:
  """What a storm leaves, for its judge."""

  def __init__(self, events, queue, history, acknowledged, seconds, stops, has_lease, documents, running):
    self.events = events  # of a change stream over both collections, from the beginning
    self.queue = queue  # messages, the oldest first
    self.history = history
    self.acknowledged = acknowledged  # [[number of an edit, when, kind]]
    self.seconds = seconds  # the numbers of documents that stood beside the one of their name
    self.stops = stops  # [(from, until)] when the store could not go on
    self.has_lease = has_lease  # [whether daemons needed a lease to fire]
    self.documents = documents  # as they stood at the end
    self.running = running  # the names of those that ran until the end

  def save(self, folder):
    with open(folder / "record.bson", "wb") as file:
      for kind, items in vars(self).items():
        for item in items:
          file.write(bson.encode({kind: item}))

  @classmethod
  def load(cls, folder):
    record = cls(*([] for _ in range(9)))
    options = bson.CodecOptions(datetime_conversion=bson.DatetimeConversion.DATETIME_MS)
    with open(pathlib.Path(folder) / "record.bson", "rb") as file:
      for row in bson.decode_file_iter(file, options):
        [(kind, item)] = row.items()
        getattr(record, kind).append(item)
    return record


class Judge:
  def __init__(self, record, namespace):
    self.record = record
    self.namespace = namespace
    self.seconds = set(record.seconds)
    self.acknowledged = {number: (at, kind) for number, at, kind in record.acknowledged}
    self.read_at = {run["id"]: int(run["at"]) for run in record.history}  # task id -> when the lease was read for it
    self.documents = {}  # _id -> the document
    self.users = {}  # _id -> the users' fields
    self.versions = {}  # number -> version
    self.current = {}  # _id -> version
    self.rules = {}  # name -> (the last rule, how many there were)
    self.marks = {}  # name -> (watermark, time)
    self.remade = collections.Counter()  # name -> documents that came or went
    self.fires = []
    self.asked = 0
    self.findings = collections.defaultdict(list)
    self.figures = collections.Counter()

  def find(self, what, words):
    self.findings[what].append(words)

  def judge(self):
    for place, event in enumerate(self.record.events):
      at = event["wallTime"]
      if event["ns"]["coll"] == SCHEDULES:
        self.written(place, event, int(at))
      elif event["ns"]["coll"] == MARKS:
        self.marked(place, event, int(at))
    self.check_queue()
    self.check_end()
    for number, (_, kind) in self.acknowledged.items():
      if number not in self.versions:
        self.find("edits lost", f"the edit {number} ({kind}) was acknowledged, and the server has not logged it")
    self.figures["asked"] = self.asked
    if self.figures["asked"] != self.figures["asked runs"]:
      self.find("asked runs", f"{self.figures['asked']} runs were asked for, and {self.figures['asked runs']} came")

  # --- documents ---

  def written(self, place, event, at):
    key, kind = event["documentKey"]["_id"], event["operationType"]
    if kind == "delete":
      document = self.documents.pop(key, None)
      self.users.pop(key, None)
      if version := self.current.pop(key, None):
        version.ended_by = 0
      if document:
        self.remade[document["name"]] += 1
      return
    if kind == "update":
      change = event["updateDescription"]
      fields, gone = change["updatedFields"], change["removedFields"]
      document = self.documents[key]
      was_asked = document.get("run_immediately") is True
      for path, item in fields.items():
        put(document, path, item)
      for path in gone:
        document.pop(path, None)
      if fields.get("own") in self.versions:
        self.find("users' fields", f"a daemon wrote the edit {fields['own']} into {document['name']} once more")
      if "own" in fields:
        for path, item in fields.items():
          put(self.users[key], path, copy.deepcopy(item))
        for path in gone:
          self.users[key].pop(path, None)
      elif fields == {"run_immediately": True} and not gone:
        self.asked += not was_asked
        return
      else:
        return self.brought_up(document, fields, gone)
    else:
      document = self.documents[key] = event["fullDocument"]
      self.users[key] = copy.deepcopy({k: item for k, item in document.items() if k not in BOOKKEEPING})
      if kind == "insert":
        self.remade[document["name"]] += 1
    number, name = document["own"], document["name"]
    if last := self.current.get(key):
      last.ended_by = number
    version = Version(number, document, at, 0)
    # A document beside the one that runs changes nothing.
    if number not in self.seconds:
      rule, count = self.rules.get(name, (None, 0))
      self.rules[name] = (version.rule, count + (version.rule != rule))
    version.schedule = self.rules.get(name, (None, 0))[1]
    self.versions[number] = self.current[key] = version

  def brought_up(self, document, fields, gone):
    """A daemon's write into a document."""
    if gone or not set(fields) <= BOOKKEEPING or fields.get("run_immediately", False) is not False:
      self.find("users' fields", f"a daemon wrote {fields} into {document['name']}, and removed {gone}")

  # --- watermarks ---

  def marked(self, place, event, at):
    name, kind = event["documentKey"]["_id"], event["operationType"]
    if not isinstance(name, str):
      return
    if kind == "delete":
      self.marks.pop(name, None)
      return
    fields = event["updateDescription"]["updatedFields"] if kind == "update" else event["fullDocument"]
    if "mark" not in fields:
      return
    mark = parsed(fields["mark"])
    before = self.marks.get(name)
    self.marks[name] = (mark, self.remade[name])
    if not mark[1] or before and before[0][1] == mark[1]:
      self.figures["watermarks without a fire"] += 1
      if before and mark[0] != before[0][0] and name in CALM:
        self.find("gaps", f"{name} counts from {mark[0]} instead of {before[0][0]}, and nobody has rescheduled it")
      return
    fire = Fire(place, at, name, mark, before and before[0])
    self.fires.append(fire)
    self.check_mark(fire, is_remade=before is not None and before[1] != self.remade[name])

  def check_mark(self, fire, is_remade):
    what = f"{fire.name} due {fire.due} ({fire.id}, run {fire.count})"
    key = f"mongodb:{DATABASE}.{SCHEDULES}:{fire.name}\0{fire.due}"
    if fire.id != str(uuid.uuid5(self.namespace, key)):
      self.find("ids", f"{what}: the id does not follow from the name and the due time")
    if fire.at < fire.due / 1000 - LEAD - 1:
      self.find("early", f"{what} was fired at {fire.at}")
    if fire.before is None:
      return
    due, task, count, _ = fire.before
    if fire.due <= due or fire.count <= count and not is_remade:
      self.find("forks", f"{what} came after {due} ({task or 'not fired'}, run {count})")

  # --- the queue ---

  def check_queue(self):
    by_id = {fire.id: fire for fire in self.fires}
    seen = set()
    newest = -1
    for message in self.record.queue:
      task = message["headers"]["id"]
      number = json.loads(base64.b64decode(message["body"]))[1]["own"]
      if task in seen:
        self.find("twice", f"{task} is on the queue twice")
        continue
      seen.add(task)
      fire, version = by_id.get(task), self.versions.get(number)
      name = version and version.name
      self.figures["asked runs"] += name in ASKED
      if fire is None:
        self.find("without a mark", f"{task} of {name} is on the queue, and no watermark was written for it")
        continue
      if fire.place < newest:
        # Without a lease the order of two daemons' messages is that of their sessions.
        if True in self.record.has_lease:
          self.find("order", f"{fire.name} due {fire.due} came after one that was fired later")
        else:
          self.figures["out of order"] += 1
      newest = max(newest, fire.place)
      fire.version = version
      self.check_document(fire, number)
    for fire in self.fires:
      if fire.id not in seen:
        self.find("missing", f"{fire.name} due {fire.due} ({fire.id}) was fired at {fire.at}, and is not on the queue")
    self.check_gaps()

  def check_document(self, fire, number):
    what = f"{fire.name} due {fire.due} ({fire.id}), fired at {fire.at} from the edit {number}"
    version = fire.version
    read_at = self.read_at.get(fire.id)
    if version is None or version.name != fire.name:
      return self.find("stale", f"{what}: there is no such edit")
    if number in self.seconds:
      self.find("second documents", f"{what}: it is a second document of the name")
    if not version.is_enabled:
      self.find("stale", f"{what}: it was switched off")
    if version.begins > fire.at:
      self.find("stale", f"{what}: the edit was made later, at {version.begins}")
    is_sure = not self.was_stopped(fire.at - 8000, fire.at)
    if read_at is not None and is_sure and fire.at - read_at > PATIENCE + SLACK:
      self.find("late", f"{what}: the lease was read at {read_at}, {fire.at - read_at} ms before")
    if read_at is None:
      if not is_sure:
        self.figures["not judged"] += 1
        return
      read_at = fire.at - PATIENCE
    ended = self.acknowledged.get(version.ended_by)
    if ended and ended[0] < read_at:
      self.find("stale", f"{what}: read at {read_at}; the edit {version.ended_by} ({ended[1]}) had been acknowledged "
                f"{read_at - ended[0]:.0f} ms before that")

  def was_stopped(self, since, until):
    return any(begin < until and end > since for begin, end in self.record.stops)

  def check_gaps(self):
    """Between two fires of one rule there is one interval, as nothing may be left out."""
    last = {}
    for fire in self.fires:
      before, last[fire.name] = last.get(fire.name), fire
      version, old = getattr(fire, "version", None), getattr(before, "version", None)
      if version is None or old is None or version.every is None or fire.before[1] != before.id:
        continue
      if version.schedule == old.schedule:
        self.figures["intervals checked"] += 1
        if fire.due - before.due != version.every * 1000:
          self.find("gaps", f"{fire.name} due {fire.due} follows {before.due}, and it is due each {version.every} ms")

  # --- the quiet stage ---

  def check_end(self):
    for document in self.record.documents:
      name, users = document["name"], self.users.get(document["_id"])
      kept, expected = typed(document), typed(users or {})
      if kept != expected:
        differing = sorted(key for key in kept.keys() | expected.keys() if kept.get(key) != expected.get(key))
        self.find("users' fields", f"{name}: {differing} are not what the users wrote: {kept}, {expected}")
      mark = self.marks.get(name)
      if not mark or not mark[0][1] or name not in self.record.running:
        continue
      due, _, count, _ = mark[0]
      said = document.get("last_run_at"), document.get("total_run_count")
      if said[0] is None or (int(said[0]), said[1]) != (due // 1000, count):
        self.find("behind", f"{name}: the document says {said}, and the watermark {mark[0]}")
