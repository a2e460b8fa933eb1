"""Runs several stages, a few at a time. Each is a process of its own that can be run again alone."""

import concurrent.futures
import json
import math
import pathlib
import subprocess
import sys
import threading

from result import Result

HERE = pathlib.Path(__file__).resolve().parent


def split(options):
  """The number of iterations of each stage."""
  if options.seconds:
    return [options.iterations] * options.jobs
  count = max(options.jobs, math.ceil(options.iterations / options.each))
  whole, rest = divmod(options.iterations, count)
  return [whole + (index < rest) for index in range(count)]


class Jobs:
  def __init__(self, options, arguments):
    self.options = options
    self.arguments = arguments  # the arguments that all stages have in common
    self.lock = threading.Lock()
    self.is_over = False
    self.running = set()
    self.result = Result()

  def run(self):
    stages = list(enumerate(split(self.options)))
    with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
      try:
        for _ in pool.map(lambda stage: self.stage(*stage), stages):
          pass
      except BaseException:
        self.stop()
        raise
    return self.result

  def stop(self):
    with self.lock:
      self.is_over = True
      for process in self.running:
        process.terminate()

  def stage(self, index, iterations):
    seed = f"{self.options.seed}/{index}"
    with self.lock:
      if self.is_over:
        return
      command = [
        "setpriv", "--pdeathsig", "KILL", "--", sys.executable, HERE / "chaos.py", "--json", "--seed", seed,
        "--iterations", str(iterations), "--each", str(iterations), "--jobs", "1", *self.arguments]
      process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
      self.running.add(process)
    output, errors = process.communicate()
    with self.lock:
      self.running.discard(process)
      if self.is_over:
        return
      try:
        result = Result.from_json(json.loads(output.splitlines()[-1]))
      except (IndexError, ValueError, KeyError):
        result = Result()
        result.failures = [{
          "seed": seed, "replay": f"--seed {seed} --iterations {iterations}", "log": "", "ends": errors.splitlines(),
          "violations": [f"rule 0: the suite itself has failed, exit status {process.returncode}: "
                         + "".join(errors.splitlines()[-1:])]}]
      self.result.add(result)
      if not self.options.json:
        counts = self.result.counts
        print(f"{counts['iterations']} iterations, {counts['fires']} fires, {len(self.result.violations)} violations; "
              f"stage {seed} {'FAILED: ' + result.violations[0].splitlines()[0] if result.failures else 'is clean'}", flush=True)
    if result.failures and self.options.first:
      self.stop()
