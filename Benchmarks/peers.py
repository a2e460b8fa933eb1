"""The programs that beat-watch is compared with on the same Redis: RedBeat and celery beat, from .deps/venv/peers."""

import pathlib

from scene import PROJECT, QUEUE, Scene, note
from stage import Failed, clean_environment

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = PROJECT / ".deps/venv/peers/bin/python"
LOOP = 5  # The seconds that RedBeat may sleep; its own default is 300.


def environment(stage, entries=0):
  return clean_environment(
    BENCH_SOCKET=stage.socket, BENCH_QUEUE=QUEUE, BENCH_ENTRIES=str(entries), BENCH_LOOP=str(LOOP),
    PYTHONDONTWRITEBYTECODE="1")


def measured(name, measure, *arguments):
  """The result of `measure(scene, ...)` on a scene of its own. If the peer fails, it prints why and returns None."""
  try:
    with Scene("peer") as scene:
      scene.begin()
      return measure(scene, *arguments)
  except Failed as failure:
    note(f"{name} could not be measured: {failure}")
    return None


def start(stage, name, entries=0):
  """Starts `redbeat`, whose schedules are in Redis, or `celery beat` with `entries` schedules of one second."""
  scheduler = "redbeat.RedBeatScheduler" if name == "redbeat" else "celery.beat.Scheduler"
  program = stage.start(
    name, PYTHON, "-m", "celery", "-A", "peer_app", "beat", "-S", scheduler, "--loglevel", "WARNING", "--pidfile=",
    env=environment(stage, entries), cwd=HERE)
  return program


def end(stage, program):
  """Ends a peer. Its exit status does not matter."""
  stage.end(program)
  stage.programs.remove(program)


def entries(stage, *arguments, seconds=120):
  """Runs peer_entries.py, which writes RedBeat's schedules by RedBeat's own classes. Returns its lines."""
  program = stage.start(
    "redbeat's entries", PYTHON, HERE / "peer_entries.py", *arguments, env=environment(stage), cwd=HERE)
  return stage.finished("redbeat's entries are written", program, seconds)
