"""Documents of every form, and what their tasks must see."""

from __future__ import annotations

import ast
import dataclasses
import time
from datetime import datetime
from typing import Any, Dict, Iterator, List, Optional

#: Every form of JSON that Celery's users have in arguments.
ARGS: List[Any] = [1, -2**63, 2**70, -2.5, 1e22, "größe ☃ 😀 \"'\\\n", None, True, [1, [2.0, []]], {"a": {"b": [None]}}]
KWARGS: Dict[str, Any] = {
  "größe": "☃", "whole": 2**63 - 1, "fraction": 0.1, "none": None, "list": [False, {}], "object": {"": ""}}
#: Each form that a header may have on RabbitMQ.
HEADERS: Dict[str, Any] = {
  "tenant": "größe ☃", "small": -5, "large": 2**62, "fraction": 1.5, "is": True, "none": None,
  "list": [1, "a", None, {"k": [2.5]}], "object": {"a": {"b": []}}}
#: How often each is due.
RUNS = 3


@dataclasses.dataclass
class Form:
  """A document's own fields. Its messages have this exchange and routing key, and come to so many queues."""

  name: str
  fields: Dict[str, Any]
  routing_key: str
  exchange: str = ""
  queues: int = 1
  expires: Optional[int] = None

  def document(self) -> Dict[str, Any]:
    return {"name": self.name, "task": "tasks.record", "enabled": True, "catchup": "all", "max_run_count": RUNS,
            "interval": {"every": 0.3, "period": "seconds"}, "args": ARGS, "kwargs": self.kwargs()} | self.fields

  def kwargs(self) -> Dict[str, Any]:
    return self.fields.get("kwargs", KWARGS | {"form": self.name})

  def problems(self, record: Dict[str, Any]) -> Iterator[str]:
    """What the task saw of a message that is not as the document says."""
    fields = self.fields | self.fields.get("options", {})
    args, kwargs = fields.get("args", ARGS), self.kwargs()
    info = record["delivery_info"]
    own = fields.get("headers", {}) | {"celery_beat_task": True}
    want = {
      "args": repr(tuple(args)), "kwargs": repr(kwargs), "root_id": record["id"], "correlation_id": record["id"],
      "parent_id": None, "eta": None, "retries": 0, "shadow": fields.get("shadow"),
      "timelimit": [fields.get("time_limit"), fields.get("soft_time_limit")],
      "ignore_result": fields.get("ignore_result", record["ignore_result"]),
      "argsrepr": fields.get("argsrepr", record["argsrepr"])}
    got = {name: record[name] for name in want}
    want |= {"exchange": self.exchange, "routing_key": self.routing_key, "priority": fields.get("priority", 0),
             "redelivered": False, "headers": own}
    got |= {name: info[name] for name in ("exchange", "routing_key", "priority", "redelivered")}
    # The headers of the message are all there; Celery's own among them were looked at above.
    got["headers"] = {name: (record["headers"] or {}).get(name, "missing") for name in own}
    for name, value in want.items():
      if repr(got[name]) != repr(value):
        yield f"{name}: {got[name]!r}, and not {value!r}"
    if self.expires is None:
      if record["expires"] is not None:
        yield f"expires: {record['expires']!r}"
    elif not self.expires - 120 < datetime.fromisoformat(record["expires"]).timestamp() - time.time() <= self.expires:
      yield f"expires: {record['expires']}, and not {self.expires} s after it was sent"


def form_of(record: Dict[str, Any]) -> str:
  """The name of a record's form. One alone has no arguments."""
  return ast.literal_eval(record["kwargs"]).get("form", "without-arguments")


def forms() -> List[Form]:
  """Those that go to classic queues."""
  return [
    Form("plain", {}, "celery"),
    Form("without-arguments", {"args": [], "kwargs": {}}, "celery"),
    Form("named-queue", {"queue": "reports"}, "reports"),
    Form("queue-in-options", {"options": {"queue": "reports", "priority": 7}}, "reports"),
    Form("direct", {"exchange": "x.direct", "routing_key": "by.day"}, "by.day", "x.direct"),
    Form("direct-other", {"exchange": "x.direct", "routing_key": "by.night", "exchange_type": "direct"}, "by.night",
         "x.direct"),
    Form("topic", {"exchange": "x.topic", "routing_key": "sport.chess"}, "sport.chess", "x.topic", queues=2),
    Form("topic-three", {"exchange": "x.topic", "routing_key": "sport.results", "exchange_type": "topic"},
         "sport.results", "x.topic", queues=3),
    Form("fanout", {"exchange": "x.fanout", "routing_key": "any"}, "any", "x.fanout", queues=2),
    Form("half-named", {"queue": "reports", "exchange": "x.direct"}, "reports"),
    Form("limits", {"time_limit": 30, "soft_time_limit": 20.5}, "celery"),
    Form("hard-limit", {"options": {"time_limit": 60}}, "celery"),
    Form("headers", {"headers": HEADERS}, "celery"),
    Form("expires", {"expires": 3600}, "celery", expires=3600),
    Form("transient", {"delivery_mode": 1, "priority": 255}, "celery"),
    Form("told", {"shadow": "größe", "argsrepr": "(…)", "ignore_result": True}, "celery"),
  ]
