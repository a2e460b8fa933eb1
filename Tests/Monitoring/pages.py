"""What is wrong with docs/monitoring.md: it must have each metric, each alert and each file."""

import re
import subprocess
import textwrap
from typing import Dict, List

from names import METRICS
from rules import ALERTS, PROJECT, alerts, commands, promtool

PAGE = PROJECT / "docs/monitoring.md"


def problems() -> List[str]:
  text = PAGE.read_text() if PAGE.exists() else ""
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


def _blocks(kind: str) -> List[str]:
  return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


def shown_commands(instance: str, folder: str, environment: Dict[str, str]) -> List[str]:
  """Runs the commands of the page with a daemon, and returns those that fail."""
  found: List[str] = []
  for line in "".join(_blocks("sh")).splitlines():
    command = line.replace("127.0.0.1:9808", instance).replace("/etc/prometheus/", f"{folder}/")
    run = subprocess.run(
      ["sh", "-c", command.replace("NAME", "tick-0")], cwd=PROJECT, env=environment, capture_output=True, text=True,
      check=False)
    if run.returncode or not (run.stdout or "-o /dev/null" in line or line.startswith("cp ")):
      found.append(f"{command}: {run.returncode} {run.stdout}{run.stderr}")
  return found


def shown_files(folder: str) -> List[str]:
  """What promtool says of the configuration and the rules that the page shows."""
  found: List[str] = []
  for block in _blocks("yaml"):
    if block.startswith("scrape_configs:"):
      kind, text = ["check", "config", "--syntax-only"], block
    elif block.startswith("- alert:"):
      kind, text = ["check", "rules"], "groups:\n  - name: shown\n    rules:\n" + textwrap.indent(block, " " * 6)
    else:
      continue
    with open(f"{folder}/shown.yml", "w", encoding="utf-8") as file:
      file.write(text)
    run = promtool(*kind, file.name)
    found += [f"{run.stdout}{run.stderr}"] if run.returncode else []
  return found
