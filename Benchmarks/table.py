"""The table of all figures on a terminal, and the machine they were measured on. documents.py writes them into the
docs."""

import os
import pathlib

from documents import HEADS, cells


def text(rows):
  """The table's text. Columns without any value are left out."""
  lines = [HEADS, *map(cells, rows)]
  used = [column for column in range(len(HEADS)) if any(line[column] for line in lines[1:])]
  widths = {column: max(len(line[column]) for line in lines) for column in used}
  return "\n".join(
    "  ".join(line[column].ljust(widths[column]) for column in used).rstrip() for line in lines)


def machine(redis, version, commit):
  names = [line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
           if line.startswith("model name")]
  return {
    "cores": os.cpu_count(), "processor": names[0] if names else os.uname().machine,
    "kernel": ".".join(os.uname().release.split(".")[:2]), "redis": redis, "transport": "unix socket",
    "version": version, "commit": commit, "others_share": None,
  }
