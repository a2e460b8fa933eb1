"""The rules as text: what is in them, a faster copy for a run that ends within minutes, and copies that are spoilt."""

import pathlib
import re
import subprocess
import tempfile
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from names import problems_of

PROJECT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "packaging/monitoring"
ALERTS = FOLDER / "reactivebeat-alerts.yml"
TESTS = FOLDER / "tests"

#: What a run with a real Prometheus can wait for, in seconds: `for:`, the ranges of expressions, and the ages from
#: which on something is old or behind. What is shorter in the rules stays as it is.
LONGEST_FOR = 5
LONGEST_RANGE = 15
LONGEST_AGE = 3
#: A short range has few samples, so a single hiccup of a busy machine would be its 99th percentile. So these percentiles
#: may be higher there, in seconds.
HIGHER = {
  "instance:reactivebeat_loop_delay_seconds:p99 > 0.25": 2.5, "job:reactivebeat_fire_lateness_seconds:p99 > 1": 5}

_UNITS = {"s": 1, "m": 60, "h": 3600}
_RULE = re.compile(r"^ {6}- (alert|record): (\S+)\n((?:^ {8}.*\n|^\n)+)", re.M)
_AGE = re.compile(r"((?:_age_seconds\)?|_timestamp_seconds) > )(\d+)")
_COMMAND = re.compile(r'"(beat-watch [^"]+)"')


class Rule(NamedTuple):
  kind: str  # "alert" or "record"
  name: str
  body: str

  @property
  def expression(self) -> str:
    found = re.search(r"^ {8}expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)", self.body, re.M)
    return (found[1] or found[2]) if found else ""

  def has(self, field: str) -> bool:
    return re.search(rf"^ +{field}: *\S", self.body, re.M) is not None

  @property
  def severity(self) -> str:
    found = re.search(r"^ {10}severity: (\S+)$", self.body, re.M)
    return found[1] if found else ""


def all_rules(text: str) -> List[Rule]:
  return [Rule(*found.groups()) for found in _RULE.finditer(text)]


def alerts() -> Dict[str, Rule]:
  return {rule.name: rule for rule in all_rules(ALERTS.read_text()) if rule.kind == "alert"}


def problems() -> List[str]:
  """What is wrong with the rules beyond what promtool finds."""
  found: List[str] = []
  text = ALERTS.read_text()
  rules = all_rules(text)
  records = {rule.name for rule in rules if rule.kind == "record"}
  if len(rules) != len(re.findall(r"- (?:alert|record):", text)):
    found.append("a rule is not in the form of the others, so it is not checked")
  tested = "".join(path.read_text() for path in TESTS.glob("*.yml"))
  for rule in rules:
    found += [f"{rule.name}: {problem}" for problem in problems_of(rule.expression, records)]
    if rule.kind == "record":
      if text.count(rule.name) < 2:
        found.append(f"{rule.name}: no alert uses it")
      continue
    if rule.severity not in ("critical", "warning", "info"):
      found.append(f"{rule.name}: the severity {rule.severity or 'is missing'}")
    found += [f"{rule.name}: no {field}" for field in ("summary", "description") if not rule.has(field)]
    if f'alertname="{rule.name}"' not in tested:
      found.append(f"{rule.name}: no test expects it")
  return found


def commands() -> Set[str]:
  """The commands that the alerts advise to run."""
  return set(_COMMAND.findall(re.sub(r"\s+", " ", ALERTS.read_text())))


# --- the faster copy ---


def _seconds(text: str) -> int:
  return int(text[:-1]) * _UNITS[text[-1]]


def faster(text: str) -> str:
  """The same rules with shorter times, and with other thresholds of ages and of two percentiles."""
  for condition, seconds in HIGHER.items():
    if f"expr: {condition}\n" not in text:
      raise ValueError(f"no rule has the expression {condition}")
    text = text.replace(f"expr: {condition}\n", f"expr: {condition.rpartition(' ')[0]} {seconds}\n")
  text = re.sub(r"^( +for: )(\d+[smh])$", lambda m: f"{m[1]}{min(_seconds(m[2]), LONGEST_FOR)}s", text, flags=re.M)
  text = re.sub(r"\[(\d+[smh])\]", lambda m: f"[{min(_seconds(m[1]), LONGEST_RANGE)}s]", text)
  return _AGE.sub(lambda m: f"{m[1]}{min(int(m[2]), LONGEST_AGE)}", text)


# --- the tests must be able to fail ---


def _instead(rule: Rule, expression: str) -> str:
  """The rule's body with another expression."""
  line = r"^ {8}expr: (?:\|\n(?: {10}.*\n)+|.*\n)"
  return re.sub(line, f"        expr: {expression}\n", rule.body, count=1, flags=re.M)


def mutants() -> Iterator[Tuple[Rule, str, str]]:
  """(the alert, what was done to it, the rules after it)"""
  text = ALERTS.read_text()
  for rule in alerts().values():
    yield rule, "never goes off", text.replace(rule.body, _instead(rule, "vector(0) > 1"), 1)
    yield rule, "always goes off", text.replace(rule.body, _instead(rule, "vector(1)"), 1)
    if rule.has("for"):
      yield rule, "does not wait", text.replace(rule.body, re.sub(r" {8}for: .*\n", "", rule.body), 1)


def survivors() -> Iterator[Tuple[str, bool]]:
  """(each mutant, whether the tests that name the alert do not find it)"""
  for rule, done, text in mutants():
    with tempfile.TemporaryDirectory(prefix="beat-rules-") as folder:
      place = pathlib.Path(folder)
      (place / "tests").mkdir()
      (place / ALERTS.name).write_text(text)
      survives = True
      for path in sorted(TESTS.glob("*.yml")):
        if f'"{rule.name}"' in path.read_text() and survives:
          (place / "tests" / path.name).write_text(path.read_text())
          survives = promtool("test", "rules", place / "tests" / path.name).returncode == 0
      yield f"{rule.name} {done}", survives


def promtool(*arguments: Any, text: Optional[str] = None) -> "subprocess.CompletedProcess[str]":
  return subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True, text=True, check=False)
