"""What has come, beside what should have."""

from __future__ import annotations

import collections
from typing import Any, Dict, List

from forms import RUNS, Form, form_of
from stage import Record, Stage, wait


def once(name: str, task: str = "tasks.record", **fields: Any) -> Dict[str, Any]:
  """A document that is fired once, at once."""
  return {"name": name, "task": task, "enabled": True, "run_immediately": True, "kwargs": {"form": name},
          "interval": {"every": 9, "period": "days"}} | fields


def wait_for(stage: Stage, names: List[str], runs: int = 1, queues: int = 1) -> List[Record]:
  """The records of forms, the oldest first, as soon as there are enough of each."""
  stage.expected |= {name: (runs, queues) for name in names}

  def found() -> List[Record]:
    return [record for record in stage.records() if form_of(record) in names]

  wait(lambda: len(found()) >= len(names) * runs * queues, f"the runs of {', '.join(names)}")
  return found()


def fired(stage: Stage, database: int, forms: List[Form]) -> List[str]:
  """Writes the documents, for a daemon and workers that run. Returns what is wrong of what their tasks saw."""
  stage.write_to(database, *(form.document() for form in forms))
  problems = wrong(stage, forms)
  for form in forms:
    if (count := stage.runs(database, form.name)) != RUNS:
      problems.append(f"{form.name}: its document has {count} runs")
  return problems


def wrong(stage: Stage, forms: List[Form]) -> List[str]:
  """What is wrong of what the tasks of documents saw, of which each is fired `RUNS` times."""
  stage.expected |= {form.name: (RUNS, form.queues) for form in forms}
  problems = []
  for form in forms:
    records = wait_for(stage, [form.name], RUNS, form.queues)
    # What each of its runs has seen is said once.
    found = {problem: None for record in records for problem in form.problems(record)}
    problems += [f"{form.name}: {problem}" for problem in found]
  return problems


def miscounted(stage: Stage) -> List[str]:
  """What has run too often, or more seldom than it was due, when all is over."""
  ids: Dict[str, Dict[str, int]] = collections.defaultdict(collections.Counter)
  for record in stage.records():
    ids[form_of(record)][record["id"]] += 1
  problems = []
  for name, (runs, queues) in stage.expected.items():
    if sorted(ids[name].values()) != [queues] * runs:
      problems.append(f"{name} was due {runs} times for {queues} queues, and ran {dict(ids[name])}")
  return problems + [f"{name} has run, and was not due" for name in ids.keys() - stage.expected.keys()]
