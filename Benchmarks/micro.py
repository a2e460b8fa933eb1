"""Instructions and allocations of the core's parts, compared with Benchmarks/micro.txt: scripts/bench micro.

They do not depend on what else the machine does, so that a change that costs something shows at once. valgrind counts
the instructions: it needs no privilege, and no counter of the processor, which virtual machines often hide. Without
valgrind instructions are left out. Their number depends on the compiler, so only figures of the same compiler are
compared.
"""

import os
import platform
import re
import shutil
import subprocess

from scene import PROJECT, note
from stage import Failed

PROGRAM = PROJECT / "Benchmarks/.build/micro/release/micro"
FILE = PROJECT / "Benchmarks/micro.txt"
COUNT = 2000  # Operations. Twice as many are run, too: the difference has no start-up in it.
GROWTH = 1.05  # The growth of instructions that is allowed. Allocations may not grow.
ENVIRONMENT = {**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1", "LC_ALL": "C"}


def run(*arguments):
  answer = subprocess.run(arguments, capture_output=True, text=True, env=ENVIRONMENT)
  if answer.returncode:
    raise Failed(f"{' '.join(map(str, arguments))}: {answer.stdout}{answer.stderr}")
  return answer.stdout + answer.stderr


def instructions(part):
  """The instructions of one operation; None without valgrind."""
  if not shutil.which("valgrind"):
    return None

  def counted(count):
    text = run("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", PROGRAM, "run",
               part, str(count))
    return int(re.search(r"I +refs: +([\d,]+)", text)[1].replace(",", ""))

  return round((counted(2 * COUNT) - counted(COUNT)) / COUNT)


def compiler():
  version = re.search(r"Swift version (\S+)", run("swift", "--version"))
  return f"Swift {version[1] if version else 'unknown'} {platform.machine()}"


def thresholds():
  """(compiler, part -> (allocations of a thousand operations, instructions of one operation or None))"""
  if not FILE.exists():
    return None, {}
  lines = [line.split() for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
  return " ".join(lines[0][1:]), {
    name: (int(allocations), None if count == "-" else int(count)) for name, allocations, count in lines[1:]}


def renew(parts, made_by):
  FILE.write_text(
    "# What scripts/bench micro holds the core's parts to; scripts/bench micro --renew writes it anew.\n"
    "# part, allocations of a thousand operations, instructions of one\n"
    f"compiler {made_by}\n"
    + "".join(f"{name} {part['allocations']} {part['instructions'] or '-'}\n" for name, part in parts.items()))


def measure(options):
  parts = {}
  for name in run(PROGRAM, "list").split():
    note(f"micro: {name}")
    parts[name] = {"allocations": int(run(PROGRAM, "allocations", name)), "instructions": instructions(name)}
  made_by = compiler()
  if options.renew:
    if not shutil.which("valgrind"):
      raise Failed("valgrind is needed to write the thresholds: apt-get install valgrind")
    renew(parts, made_by)
  written_by, allowed = thresholds()
  is_same = written_by == made_by
  problems = [] if allowed else [f"{FILE.name} has no thresholds; scripts/bench micro --renew writes them"]
  for name, part in parts.items():
    if name not in allowed:
      problems += [f"{name} has no threshold"] if allowed else []
      continue
    part["allowed_allocations"], part["allowed_instructions"] = allowed[name]
    if not is_same:
      continue
    if part["allocations"] > part["allowed_allocations"]:
      problems.append(
        f"{name} makes {part['allocations']} allocations in a thousand operations, "
        f"{part['allowed_allocations']} are allowed")
    most = part["allowed_instructions"]
    if most and part["instructions"] and part["instructions"] > most * GROWTH:
      problems.append(f"{name} takes {part['instructions']} instructions, {most} and 5 % more are allowed")
  if allowed and not is_same:
    note(f"the thresholds are those of {written_by}, this is {made_by}: nothing is judged")
  return {
    "compiler": made_by, "thresholds_of": written_by, "judged": is_same, "parts": parts, "problems": problems,
    "instructions_counted": bool(shutil.which("valgrind"))}


def show(result):
  if not result["instructions_counted"]:
    print("no instructions: they are counted by valgrind, which is not installed (apt-get install valgrind)\n")
  print(f"{'one operation':16}{'instructions':>14}{'allowed':>10}{'allocations':>14}{'allowed':>10}")
  for name, part in result["parts"].items():
    allowed = part.get("allowed_allocations")
    print(
      f"{name:16}{part['instructions'] or '-':>14}{part.get('allowed_instructions') or '-':>10}"
      f"{part['allocations'] / 1000:>14.3f}{'-' if allowed is None else f'{allowed / 1000:.3f}':>10}")
  for problem in result["problems"]:
    print(f"PROBLEM: {problem}")
