"""What scripts/web-attacks runs; docs/web.md lists what it tries."""

import argparse
import pathlib
import signal
import sys
import time
import traceback

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE.parent / "Chaos", HERE.parent / "Hostile", HERE):
  sys.path.insert(0, str(folder))

from arena import PROJECT  # noqa: E402

import every_attack  # noqa: E402
from register import Attempt  # noqa: E402
from webstage import Stage  # noqa: E402

HEADING = f"{'attack':<58} {'tried':>6} {'seconds':>7}"


def options_of(arguments):
  parser = argparse.ArgumentParser(prog="scripts/web-attacks")
  parser.add_argument("--program", default=str(PROJECT / ".build/release/beat-watch"))
  parser.add_argument("--only", action="append", default=[], metavar="WORDS", help="a part, or words of a name")
  parser.add_argument("--short", action="store_true", help="what needs no long time; below a minute")
  parser.add_argument("--schemathesis",
                      action="store_true",
                      help="also calls of all kinds, made from the API's description")
  parser.add_argument("--list", action="store_true", help="list the attacks")
  return parser.parse_args(arguments)


def chosen(options):
  for each in every_attack.ALL:
    if options.only:
      if not any(words == each.part or words in each.name for words in options.only):
        continue
    elif options.short and not each.is_short or each.part == "schemathesis" and not options.schemathesis:
      continue
    yield each


def carry_out(each, stage, options):
  """One line for people, and what is wrong."""
  attempt = Attempt(stage, options.short)
  try:
    each.run(attempt)
  except Exception as error:  # One attack that cannot go on must not end the others.
    place = traceback.extract_tb(error.__traceback__)
    line = next((f.lineno for f in reversed(place) if pathlib.Path(f.filename).parent == HERE), 0)
    attempt.wrong.append(f"it could not go on: {type(error).__name__}: {error} (line {line})")
  attempt.wrong += stage.ended()
  took = time.monotonic() - attempt.begin
  line = f"{each.name:<58} {attempt.tried:>6,} {took:>7.1f}  " + ("FAILED" if attempt.wrong else "ok")
  return "\n".join([
    line, *(f"    {text}" for text in attempt.notes), *(f"  ! {text}" for text in attempt.wrong[:8]),
    *([f"  ! and {len(attempt.wrong) - 8} more"] if len(attempt.wrong) > 8 else [])
  ]), attempt


def main():
  options = options_of(sys.argv[1:])
  attacks = list(chosen(options))
  if options.list:
    for each in attacks:
      print(f"{each.part}: {each.name}: {' '.join((each.run.__doc__ or '').split())}")
    return
  signal.signal(signal.SIGTERM, signal.default_int_handler)
  print(f"web-attacks: {options.program}\n\n{HEADING}", flush=True)
  begin, failures, tried = time.monotonic(), 0, 0
  with Stage(options.program) as stage:
    for each in attacks:
      text, attempt = carry_out(each, stage, options)
      failures += bool(attempt.wrong)
      tried += attempt.tried
      print(text, flush=True)
    where = stage.folder
  print(f"\nweb-attacks: {len(attacks)} attacks, {tried:,} attempts, {time.monotonic() - begin:.0f} s: " +
        (f"{failures} failed; logs: {where.relative_to(PROJECT)}" if failures else "all were refused"))
  sys.exit(1 if failures else 0)


if __name__ == "__main__":
  main()
