"""The table of all figures on a terminal, and what they were measured on. In the documents: documents.py."""

import os
import pathlib

from documents import HEADS, cells


def text(rows):
  """Columns that nobody fills are left out."""
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
