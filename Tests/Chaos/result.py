"""The results of runs, which can be added up, sent as JSON and printed."""

import collections

import faults

_SUMS = ("counts", "coverage", "settled", "late", "seconds")


def rounded(number):
  """The number rounded to two digits, so that a histogram stays small."""
  step = 10 ** max(0, len(str(abs(int(number)))) - 2)
  return int(number) // step * step


def percentile(histogram, share):
  left = sum(histogram.values()) * share
  for item in sorted(histogram):
    left -= histogram[item]
    if left <= 0:
      return item
  return 0


class Result:
  def __init__(self):
    self.counts = collections.Counter()
    self.coverage = collections.Counter()  # "fault @ phase" -> how often
    self.settled = collections.Counter()  # milliseconds -> how often
    self.late = collections.Counter()  # milliseconds -> how often
    self.seconds = collections.Counter()  # activity -> how long
    self.grown = {"files": 0, "kilobytes": 0}
    self.failures = []  # {"seed", "iterations", "log", "violations", "ends"}

  def add(self, other):
    for name in _SUMS:
      getattr(self, name).update(getattr(other, name))
    self.grown = {key: max(item, other.grown[key]) for key, item in self.grown.items()}
    self.failures += other.failures

  def to_json(self):
    return {name: getattr(self, name) for name in (*_SUMS, "grown", "failures")}

  @classmethod
  def from_json(cls, fields):
    result = cls()
    for name in _SUMS:
      getattr(result, name).update(fields[name])
    for name in ("settled", "late"):
      setattr(result, name, collections.Counter({int(key): item for key, item in fields[name].items()}))
    result.grown, result.failures = fields["grown"], fields["failures"]
    return result

  @property
  def violations(self):
    return [text for failure in self.failures for text in failure["violations"]]

  # --- what is printed ---

  def summary(self):
    struck = sum(self.seconds.values()) - self.seconds["starting"] - self.seconds["executing"]
    return self.counts | {
      "fires_per_second": round(self.counts["fires"] / struck) if struck else 0,
      "settle_ms": {"p50": percentile(self.settled, 0.5), "max": max(self.settled, default=0)},
      "late_ms": {"p50": percentile(self.late, 0.5), "p99": percentile(self.late, 0.99)},
      "grown": self.grown, "seconds": {key: round(item, 1) for key, item in self.seconds.items()}}

  def table(self):
    phases = list(faults.PHASES | {key: None for more in faults.PHASES_OF.values() for key in more})
    phases = [phase for phase in phases if any(name.endswith(f" @ {phase}") for name in self.coverage)]
    width = max(len(fault.name) for fault in faults.ALL)
    lines = [" " * width + "".join(f" {index:>5}" for index in range(1, len(phases) + 1))]
    for fault in faults.ALL:
      cells = [self.coverage[f"{fault.name} @ {phase}"] for phase in phases]
      if any(cells):
        lines.append(f"{fault.name:<{width}}" + "".join(f" {cell or '.':>5}" for cell in cells))
    lines.append("phases: " + ", ".join(f"{index} {phase}" for index, phase in enumerate(phases, 1)))
    return "\n".join(lines)

  def show(self):
    print(f"\n{self.table()}\n")
    for key, item in self.summary().items():
      print(f"{key}: {item}")
    if not self.failures:
      return print("clean: each occurrence once, none missing")
    print(f"FAILED: {len(self.violations)} violations")
    for failure in self.failures:
      print(f"\nscripts/chaos {failure['replay']}    log: {failure['log']}")
      for text in failure["violations"][:12]:
        print(f"  {text}")
      for line in failure["ends"]:
        print(f"    {line}")
