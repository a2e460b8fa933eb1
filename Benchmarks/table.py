"""The table of all figures: on a terminal, and in docs/performance.md between two comments."""

import os
import pathlib

from scene import PROJECT
from stage import Failed

PAGE = PROJECT / "docs/performance.md"
BEGIN, END = "<!-- figures: written by scripts/bench --write-docs -->", "<!-- end of figures -->"
HEADS = ("", "beat-watch", "floor", "times the floor", "RedBeat", "celery beat")


def cells(row):
  ratio = row.get("ratio")
  return (
    row["what"], row["ours"], row.get("floor") or "", f"{ratio:.1f}" if ratio else "", row.get("redbeat") or "",
    row.get("celery") or "")


def text(rows):
  """Columns that nobody fills are left out."""
  lines = [HEADS, *map(cells, rows)]
  used = [column for column in range(len(HEADS)) if any(line[column] for line in lines[1:])]
  widths = {column: max(len(line[column]) for line in lines) for column in used}
  return "\n".join(
    "  ".join(line[column].ljust(widths[column]) for column in used).rstrip() for line in lines)


def markdown(rows, machine):
  lines = [HEADS, ("---",) * len(HEADS), *map(cells, rows)]
  table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
  return f"{sentence(machine)}\n\n{table}"


def sentence(machine):
  busy = machine["others_share"]
  others = "" if busy is None else f" Other programs kept {busy:.0%} of the processors busy meanwhile, at most."
  return (
    f"{machine['cores']} cores ({machine['processor']}, Linux {machine['kernel']}), Redis {machine['redis']} over a "
    f"{machine['transport']}; {machine['version']}.{others}")


def write(rows, machine):
  page = PAGE.read_text()
  if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
    raise Failed(f"{PAGE} lacks the lines between which the table belongs:\n{BEGIN}\n{END}")
  before, _, rest = page.partition(BEGIN)
  # Another process may read the page; and an interrupted run leaves it as it was.
  draft = PAGE.with_suffix(".draft")
  draft.write_text(f"{before}{BEGIN}\n\n{markdown(rows, machine)}\n\n{END}{rest.partition(END)[2]}")
  draft.replace(PAGE)


def machine(redis, version, commit):
  names = [line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
           if line.startswith("model name")]
  return {
    "cores": os.cpu_count(), "processor": names[0] if names else os.uname().machine,
    "kernel": ".".join(os.uname().release.split(".")[:2]), "redis": redis, "transport": "unix socket",
    "version": version, "commit": commit, "others_share": None,
  }
