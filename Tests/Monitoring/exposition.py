"""What a daemon serves: its answers, and whether its metrics are those of `names`."""

import http.client
import re
from typing import Dict, List, NamedTuple, Tuple

from names import METRICS, VALUES, family
from rules import promtool

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"

_SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:\\.|[^"\\])*)"')


class Answer(NamedTuple):
  status: int
  kind: str  # the header Content-Type
  text: str


def ask(port: int, path: str, accept: str = "", timeout: float = 10) -> Answer:
  connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
  try:
    connection.request("GET", path, headers={"Accept": accept} if accept else {})
    answer = connection.getresponse()
    return Answer(answer.status, answer.getheader("Content-Type", ""), answer.read().decode())
  finally:
    connection.close()


def samples(text: str) -> Dict[Tuple[str, Tuple[Tuple[str, str], ...]], float]:
  """The value of each sample, by its name and labels."""
  found: Dict[Tuple[str, Tuple[Tuple[str, str], ...]], float] = {}
  for line in text.splitlines():
    if line and not line.startswith("#"):
      sample = _SAMPLE.match(line)
      if not sample:
        raise ValueError(f"this is no sample: {line}")
      found[sample[1], tuple(sorted(_LABEL.findall(sample[2] or "")))] = float(sample[3])
  return found


def problems(port: int) -> List[str]:
  """What is wrong with the metrics of a daemon, in both forms."""
  plain, opened = ask(port, "/metrics"), ask(port, "/metrics", OPEN_METRICS)
  found: List[str] = []
  if plain.status != 200 or not plain.kind.startswith("text/plain; version=0.0.4"):
    found.append(f"/metrics answers {plain.status} and {plain.kind}")
  if opened.status != 200 or not opened.kind.startswith(OPEN_METRICS):
    found.append(f"/metrics answers {opened.status} and {opened.kind}, asked for OpenMetrics")
  if not opened.text.endswith("\n# EOF\n"):
    found.append("OpenMetrics does not end with # EOF")
  check = promtool("check", "metrics", text=plain.text)
  if check.returncode or check.stderr.strip():
    found.append(f"promtool check metrics: {check.stdout}{check.stderr}")
  types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", plain.text, re.M))
  helps = set(re.findall(r"^# HELP (\S+) \S", plain.text, re.M))
  for name, kind in types.items():
    if name not in METRICS:
      found.append(f"{name} is not in Tests/Monitoring/names.py")
    elif METRICS[name].kind != kind:
      found.append(f"{name} is a {kind}")
  found += [f"{name} has no HELP" for name in types.keys() - helps]
  found += [f"{name} is not served" for name, metric in METRICS.items() if name not in types and not metric.may_lack]
  for sample, labels in samples(plain.text):
    name = family(sample)
    expected = {*METRICS[name].labels, *(["le"] if sample.endswith("_bucket") else [])} if name in METRICS else set()
    if name in METRICS and {label for label, _ in labels} != expected:
      found.append(f"{sample} has the labels {dict(labels)}")
    found += [f"{sample}: {label} is {value}" for label, value in labels if value not in VALUES.get(label, {value})]
  return sorted(set(found))
