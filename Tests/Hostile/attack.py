"""Makes one set's writes, in a process of its own with the lowest priority."""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Chaos"))

from resp import Client  # noqa: E402

import catalogue  # noqa: E402
from sets import Attacker  # noqa: E402


def main():
  path, store, seed, seconds, name = sys.argv[1:]
  os.nice(5)
  attacker = Attacker(
    lambda database, timeout: Client(path, database, timeout), int(store), f"{seed}/{name}",
    time.monotonic() + float(seconds))
  catalogue.ALL[name].attack(attacker)
  attacker.settle()


if __name__ == "__main__":
  main()
