"""Writes the figures in the documentation. All of them come from Benchmarks/results.json, the last complete run.

documents.py          writes them into the pages, between pairs of comments
documents.py --check  fails if a page shows anything else than the file holds
"""

import json
import pathlib
import sys

PROJECT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "Benchmarks/results.json"
HEADS = ("", "beat-watch", "floor", "times the floor", "RedBeat", "celery beat")

# The rows of README's second table.
SELECTION = (
  "10,000 loaded, SET of one that exists: p50 / p99 / max", "1,000,000 loaded, SET of one that exists: p50 / p99 / max",
  "1,000 due at one instant: fires a second", "100,000 due at one instant: fires a second",
  "200 each second: delivered; late p50 / p99 / p99.9", "5,000 each second: delivered; late p50 / p99 / p99.9",
  "50,000 each second: delivered; late p50 / p99 / p99.9", "100,000 documents: start to ready")
MEMORY = "memory: settled, peak; for each schedule (its document)"


class Mismatch(Exception):
  """A page cannot be written, or shows something else. The text says which page."""


def cells(row):
  ratio = row.get("ratio")
  return (
    row["what"], row["ours"], row.get("floor") or "", f"{ratio:.1f}" if ratio else "", row.get("redbeat") or "",
    row.get("celery") or "")


def sentence(machine):
  busy = machine["others_share"]
  others = "" if busy is None else f" Other programs kept {busy:.0%} of the processors busy meanwhile, at most."
  return (
    f"{machine['cores']} cores ({machine['processor']}, Linux {machine['kernel']}), Redis {machine['redis']} over a "
    f"{machine['transport']}; {machine['version']}.{others}")


def grid(*lines):
  return "\n".join("| " + " | ".join(line) + " |" for line in (lines[0], ("---",) * len(lines[0]), *lines[1:]))


def row(results, what, under=None):
  """The row of this name. If there are several, it is the first one below the row `under`."""
  rows = results["rows"]
  names = [one["what"] for one in rows]
  try:
    return rows[names.index(what, names.index(under) if under else 0)]
  except ValueError:
    raise Mismatch(f"{RESULTS.name} has no row \"{what}\"{f' under {under}' if under else ''}") from None


def whole(results):
  return f"{sentence(results['machine'])}\n\n{grid(HEADS, *map(cells, results['rows']))}"


def summary(results):
  def ours(label, what, under=None):
    return label, row(results, what, under)["ours"]
  idle = "idle with 10,000: processor time a minute"
  return grid(
    ("", "measured, see [Figures](#figures)"),
    ours("from `SET` of a schedule that is due to its message on the queue, 10,000 loaded: p50 / p99 / max", SELECTION[0]),
    ours("the same with 1,000,000 loaded", SELECTION[1]),
    ours("wake-ups a minute while nothing is due, of the heartbeat, with 10,000 schedules", "wake-ups a minute", idle),
    ours("processor time of that minute", idle),
    ours("memory with 10,000 schedules: settled, peak; for each (its document)", MEMORY, "10,000 documents: start to ready"),
    ours("the same with 100,000", MEMORY, SELECTION[-1]),
    ours("50,000 schedules of one second: delivered; late p50 / p99 / p99.9", SELECTION[6]))


def selection(results):
  lines = [HEADS, *(cells(row(results, what)) for what in SELECTION)]
  return f"{sentence(results['machine'])}\n\n{grid(*(line[:3] + line[4:] for line in lines))}"


def sizes(results):
  lines = [("schedules", "start to `ready`", "the very first start", "memory: settled, peak; for each (its document)")]
  for size in ("10,000", "100,000", "1,000,000"):
    name = f"{size} documents: start to ready"
    first = row(results, "the very first start, which writes the marks", name)
    lines.append((size, row(results, name)["ours"], first["ours"], row(results, MEMORY, name)["ours"]))
  idle = "idle with 10,000: processor time a minute"
  rest = [(what, row(results, what, idle)["ours"]) for what in
          (idle, "wake-ups a minute", "Redis commands a minute, those within scripts too", "resident memory (of it data)")]
  return f"{sentence(results['machine'])}\n\n{grid(*lines)}\n\n{grid(('nothing is due', ''), *rest)}"


PLACES = (
  ("docs/performance.md", "figures", whole), ("README.md", "summary", summary), ("README.md", "figures", selection),
  ("docs/operations.md", "figures", sizes))


def pages(results):
  """The text that each page must have."""
  texts = {}
  for page, name, render in PLACES:
    text = texts.get(page) or (PROJECT / page).read_text()
    begin, end = f"<!-- {name}: written by scripts/bench --write-docs -->", f"<!-- end of {name} -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
      raise Mismatch(f"{page} lacks the lines between which its {name} belong:\n{begin}\n{end}")
    before, _, rest = text.partition(begin)
    texts[page] = f"{before}{begin}\n\n{render(results)}\n\n{end}{rest.partition(end)[2]}"
  return texts


def replace(path, text):
  # The file is replaced as a whole: another process may be reading it, and an interrupted run must leave it as it was.
  draft = path.with_suffix(".draft")
  draft.write_text(text)
  draft.replace(path)


def write(results):
  """Writes the results into the file, and the figures into the pages."""
  kept = {key: results[key] for key in ("source", "machine", "seconds", "rows")}
  texts = pages(kept)
  replace(RESULTS, json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
  for page, text in texts.items():
    replace(PROJECT / page, text)


def main(words):
  try:
    texts = pages(json.loads(RESULTS.read_text()))
    for page, text in texts.items():
      if words != ["--check"]:
        replace(PROJECT / page, text)
      elif text != (PROJECT / page).read_text():
        raise Mismatch(f"{page} shows other figures than {RESULTS.name}: scripts/bench --render-docs writes them")
  except Mismatch as mismatch:
    print(mismatch, file=sys.stderr)
    return 1
  return 0


if __name__ == "__main__":
  sys.exit(main(sys.argv[1:]))
