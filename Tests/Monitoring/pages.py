"""What is wrong with docs/monitoring.md: it must have each metric, each alert and each file."""

import re
from typing import List

from names import METRICS
from rules import ALERTS, PROJECT, alerts, commands

PAGE = PROJECT / "docs/monitoring.md"


def problems() -> List[str]:
  text = PAGE.read_text()
  found: List[str] = []
  rows = dict(re.findall(r"^\| `((?:reactivebeat|process)_[a-z_]+)` \| (\w+) \|", text, re.M))
  found += [f"no row of a table is for {name}" for name in METRICS.keys() - rows.keys()]
  found += [f"there is no metric {name}" for name in rows.keys() - METRICS.keys()]
  found += [f"{name} is a {METRICS[name].kind}" for name, kind in rows.items()
            if name in METRICS and METRICS[name].kind != kind]
  named = dict(re.findall(r"^\| `(ReactiveBeat\w+)` \| (\w+)", text, re.M))
  known = alerts()
  found += [f"no row of a table is for {name}" for name in known.keys() - named.keys()]
  found += [f"there is no alert {name}" for name in named.keys() - known.keys()]
  found += [f"{name} is {known[name].severity}" for name, severity in named.items()
            if name in known and known[name].severity != severity]
  found += [f"there is no metric {name}" for name in set(re.findall(r"\breactivebeat_[a-z_]+", text))
            if name not in METRICS and not any(metric.startswith(name) for metric in METRICS)]
  if ALERTS.name not in text:
    found.append(f"it does not name {ALERTS.name}")
  return sorted(found)


def unknown_commands(help_text: str) -> List[str]:
  """The commands that the alerts advise, and that the program does not have."""
  known = set(re.findall(r"^ {2}([a-z]+)", help_text, re.M))
  return sorted(command for command in commands() if command.split()[1] not in known)
