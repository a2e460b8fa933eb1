"""The documents of the comparison: two in the form of celerybeat-mongo's README, and those that real schedulers have
stored (Tests/BeatMongoTests/Oracles/schedules.txt). Each gets a name and a task of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, Iterator, Tuple

import bson
from scene import PROJECT

Document = Dict[str, Any]

#: What a person writes who follows the README: no `_cls`.
COMMON: Document = {
  "task": "task-name-goes-here", "enabled": True, "args": ["param1", "param2"], "kwargs": {"max_targets": 100},
  "total_run_count": 5, "last_run_at": datetime(2014, 4, 3, 2, 19, 22, 666_000)}
README: Dict[str, Document] = {
  "interval": COMMON | {"interval": {"every": 5, "period": "minutes"}},
  "crontab": COMMON | {
    "crontab": {"minute": "30", "hour": "2", "day_of_week": "*", "day_of_month": "*", "month_of_year": "*"}}}


def readme() -> Iterator[Tuple[str, Document]]:
  for name, document in README.items():
    yield f"readme, raw: {name}", document
    # A later README says that a document needs it.
    yield f"readme: {name}", document | {"_cls": "PeriodicTask"}


def stored() -> Iterator[Tuple[str, Document]]:
  for line in (PROJECT / "Tests/BeatMongoTests/Oracles/schedules.txt").read_text().splitlines():
    document = bson.decode(bytes.fromhex(line.split()[0]))
    if "date_creation" in document or document["name"] == "raw":
      source = "newest"
    elif document["task"].startswith("t."):
      source = "mongobeat"
    else:
      source = "0.2.0, " + ("run" if "last_run_at" in document else "made")
    yield f"{source}: {document['name']}", document


def documents() -> Dict[str, Document]:
  """The documents by name, without `_id`."""
  result: Dict[str, Document] = {}
  for name, document in [*readme(), *stored()]:
    assert name not in result, name
    document.pop("_id", None)
    result[name] = document | {"name": name, "task": name}
  return result
