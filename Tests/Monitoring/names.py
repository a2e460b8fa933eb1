"""The metrics of the daemon: their names, types and labels. What a rule, a panel or the documentation names must be
here, and what a daemon serves, too."""

import re
from typing import Dict, List, NamedTuple, Set, Tuple


class Metric(NamedTuple):
  kind: str  # "counter", "gauge" or "histogram"
  labels: Tuple[str, ...] = ()
  #: Whether a daemon may have no sample of it: it has one only in some states, or only when asked.
  may_lack: bool = False


METRICS: Dict[str, Metric] = {
  "reactivebeat_build_info": Metric("gauge", ("version", "store", "broker")),
  "reactivebeat_ready": Metric("gauge"),
  "reactivebeat_leading": Metric("gauge"),
  "reactivebeat_leadership_changes_total": Metric("counter"),
  "reactivebeat_lease_age_seconds": Metric("gauge", may_lack=True),
  "reactivebeat_heard_age_seconds": Metric("gauge", may_lack=True),
  "reactivebeat_store_connected": Metric("gauge"),
  "reactivebeat_store_connections_lost_total": Metric("counter"),
  "reactivebeat_broker_connected": Metric("gauge", may_lack=True),
  "reactivebeat_broker_connections_lost_total": Metric("counter"),
  "reactivebeat_schedules": Metric("gauge", ("state",)),
  "reactivebeat_schedules_deferred": Metric("gauge"),
  "reactivebeat_next_due_timestamp_seconds": Metric("gauge", may_lack=True),
  "reactivebeat_fires_total": Metric("counter", ("reason", "outcome")),
  "reactivebeat_fires_in_flight": Metric("gauge"),
  "reactivebeat_occurrences_skipped_total": Metric("counter"),
  "reactivebeat_deferrals_total": Metric("counter"),
  "reactivebeat_fire_lateness_seconds": Metric("histogram", ("reason",)),
  "reactivebeat_edits_total": Metric("counter", ("result",)),
  "reactivebeat_edit_to_effect_seconds": Metric("histogram"),
  "reactivebeat_outbox_messages": Metric("gauge", may_lack=True),
  "reactivebeat_outbox_age_seconds": Metric("gauge", may_lack=True),
  "reactivebeat_messages_relayed_total": Metric("counter"),
  "reactivebeat_messages_set_aside_total": Metric("counter"),
  "reactivebeat_possible_repeats_total": Metric("counter"),
  "reactivebeat_audit_repairs_total": Metric("counter"),
  "reactivebeat_audit_failures_total": Metric("counter"),
  "reactivebeat_changes_missed_total": Metric("counter"),
  "reactivebeat_loop_delay_seconds": Metric("histogram"),
  "reactivebeat_schedule_fires_total": Metric("counter", ("schedule",), may_lack=True),
  "reactivebeat_schedule_last_due_timestamp_seconds": Metric("gauge", ("schedule",), may_lack=True),
  "reactivebeat_schedules_without_metrics": Metric("gauge", may_lack=True),
  "process_resident_memory_bytes": Metric("gauge"),
  "process_cpu_seconds_total": Metric("counter"),
  "process_start_time_seconds": Metric("gauge"),
  "process_open_fds": Metric("gauge"),
  "process_max_fds": Metric("gauge"),
  "reactivebeat_http_requests_total": Metric("counter", ("path", "status")),
  "reactivebeat_http_connections": Metric("gauge"),
  "reactivebeat_http_connections_refused_total": Metric("counter"),
}

#: The values of the labels whose values are fixed.
VALUES: Dict[str, Set[str]] = {
  "state": {"enabled", "disabled", "finished", "rejected"},
  "reason": {"schedule", "catch-up", "immediate", "queue", "manual"},
  "outcome": {
    "fired", "confirmed", "already", "gone", "changed", "early", "fenced", "refused", "forbidden", "wrong_server",
    "unknown"},
  "result": {"loaded", "changed", "removed", "rejected"},
  "path": {"/metrics", "/livez", "/readyz", "other"},
}

#: What Prometheus itself adds.
OF_PROMETHEUS = {"up": ("job", "instance"), "ALERTS": ("alertname", "alertstate", "severity", "job", "instance")}
TARGET_LABELS = {"job", "instance"}

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_TEXT = re.compile(r'"(?:\\.|[^"\\])*"' + r"|'(?:\\.|[^'\\])*'")
_MATCHERS = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*\{([^}]*)\}")
_MATCHER = re.compile(r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*$")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan", "by", "without", "on", "ignoring"}


def family(sample: str) -> str:
  """The name of the metric that has this sample: a histogram has three kinds of them."""
  for suffix in ("_bucket", "_sum", "_count"):
    name = sample.removesuffix(suffix)
    if name != sample and name in METRICS and METRICS[name].kind == "histogram":
      return name
  return sample


def problems_of(expression: str, records: Set[str]) -> List[str]:
  """What an expression names that does not exist: metrics, labels, values of labels.

  `records` are the names of recording rules. It is no parser of PromQL, which promtool has. It finds the names in the
  expressions of this project.
  """
  problems: List[str] = []
  for name, matchers in _MATCHERS.findall(_hide(expression)):
    problems += _matcher_problems(name, matchers, expression)
  bare = re.sub(r"\[[^]]*\]", "", re.sub(r"\{[^}]*\}", "", _TEXT.sub('""', expression)))
  for labels in _GROUPING.findall(bare):
    for label in filter(None, (each.strip() for each in labels.split(","))):
      if label not in TARGET_LABELS | {"le"} | {label for metric in METRICS.values() for label in metric.labels}:
        problems.append(f"there is no label {label}: {expression.strip()}")
  bare = _GROUPING.sub(" ", bare)
  for found in _METRIC.finditer(bare):
    name, behind = found[0], bare[found.end():].lstrip()
    if behind.startswith("(") or name in _WORDS or bare[found.start() - 1:found.start()].isdigit():
      continue
    if name not in records and family(name) not in METRICS and name not in OF_PROMETHEUS:
      problems.append(f"there is no metric {name}: {expression.strip()}")
    elif family(name) in METRICS and METRICS[family(name)].kind == "histogram" and family(name) == name:
      problems.append(f"{name} is a histogram, which has no sample of that name: {expression.strip()}")
  return problems


def _hide(expression: str) -> str:
  """The expression with texts in which no brace or comma is left."""
  return _TEXT.sub(lambda found: found[0].replace("{", "\x01").replace("}", "\x02").replace(",", "\x03"), expression)


def _matcher_problems(name: str, matchers: str, expression: str) -> List[str]:
  problems: List[str] = []
  known = set(METRICS[family(name)].labels) if family(name) in METRICS else set(OF_PROMETHEUS.get(name, ()))
  for matcher in filter(str.strip, matchers.split(",")):
    text = _TEXT.search(matcher)
    found = _MATCHER.match(matcher[:text.start()] if text else matcher)
    if not found or not text:
      problems.append(f"what is {matcher}? {expression.strip()}")
      continue
    label, operator = found.groups()
    if label not in known | TARGET_LABELS:
      problems.append(f"{name} has no label {label}: {expression.strip()}")
    value = text[0][1:-1]
    if label in VALUES and "$" not in value:
      for each in value.split("|") if "~" in operator else [value]:
        if each not in VALUES[label]:
          problems.append(f"{label} is never {each}: {expression.strip()}")
  return problems
