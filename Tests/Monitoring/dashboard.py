"""What is wrong with the dashboard for Grafana."""

import json
import re
from typing import Any, Dict, Iterator, List

from names import METRICS, family, problems_of
from rules import FOLDER

DASHBOARD = FOLDER / "reactivebeat-dashboard.json"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24


def panels_of(dashboard: Dict[str, Any]) -> Iterator[Dict[str, Any]]:
  for panel in dashboard["panels"]:
    yield panel
    yield from panel.get("panels", [])


def expressions(dashboard: Dict[str, Any]) -> Iterator[str]:
  for panel in panels_of(dashboard):
    for target in panel.get("targets", []):
      yield target["expr"]


def concrete(expression: str) -> str:
  """The expression with values in the place of Grafana's variables, as Prometheus gets it."""
  expression = expression.replace("$__rate_interval", "1m").replace("$__range", "1h").replace("$__interval", "15s")
  return expression.replace("$job", "reactivebeat").replace("$instance", ".+")


def problems() -> List[str]:
  text = DASHBOARD.read_text()
  dashboard = json.loads(text)
  found: List[str] = []
  if text != json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n":
    found.append("the file is not written as json.dumps(indent=2) does")
  if "://" in text:
    found.append("a link leads somewhere")
  if dashboard.get("id") is not None or not dashboard.get("uid") or dashboard.get("schemaVersion", 0) < 39:
    found.append("id must be null, uid be there, and schemaVersion be 39 or newer")
  variables = {each["name"]: each for each in dashboard["templating"]["list"]}
  if variables.get("datasource", {}).get("type") != "datasource":
    found.append("there is no variable for the data source")
  used = set(re.findall(r"\$\{?([a-z]\w*)", text))
  found += [f"there is no variable {name}" for name in used - variables.keys()]
  found += [f"nothing uses the variable {name}" for name in variables.keys() - used]
  taken: Dict[Any, str] = {}
  ids = set()
  for panel in panels_of(dashboard):
    title, place = panel.get("title", ""), panel["gridPos"]
    if not title or panel["id"] in ids:
      found.append(f"panel {panel['id']} has no title, or another one's id")
    ids.add(panel["id"])
    for column in range(place["x"], place["x"] + place["w"]):
      for row in range(place["y"], place["y"] + place["h"]):
        if (column, row) in taken or column >= WIDTH:
          found.append(f"{title} overlaps {taken.get((column, row), 'the border')}")
        taken[column, row] = title
    if panel["type"] == "row":
      continue
    if not panel.get("description") or panel.get("datasource") != SOURCE or not panel.get("targets"):
      found.append(f"{title} lacks a description, the data source, or an expression")
    for target in panel.get("targets", []):
      if target.get("datasource") != SOURCE:
        found.append(f"{title}: a target without the data source")
      if 'job=~"$job"' not in target["expr"]:
        found.append(f"{title}: an expression for all jobs")
  for expression in expressions(dashboard):
    found += problems_of(expression, set())
  shown = {family(name) for expression in expressions(dashboard) for name in re.findall(r"[a-z]\w+", expression)}
  found += [f"no panel shows {name}" for name in METRICS
            if name.startswith("reactivebeat_") and not METRICS[name].may_lack and name not in shown | NOT_SHOWN]
  return sorted(set(found))


#: Metrics that would tell a person nothing on a dashboard that another one does not tell.
NOT_SHOWN = {"reactivebeat_http_connections", "reactivebeat_http_connections_refused_total",
             "reactivebeat_http_requests_total"}
