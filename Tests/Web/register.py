"""The register of attacks. Each is a function of an `Attempt`, which counts what was tried and notes what was not
refused."""

import dataclasses
import time

ALL = []


@dataclasses.dataclass
class Attack:
  name: str
  part: str
  run: object
  is_short: bool


def attack(name, part, short=True):

  def register(function):
    ALL.append(Attack(name, part, function, short))
    return function

  return register


class Attempt:

  def __init__(self, stage, is_short):
    self.stage, self.is_short = stage, is_short
    self.tried = 0
    self.wrong = []
    self.notes = []
    self.begin = time.monotonic()

  def holds(self, condition, sentence):
    """Counts one attempt. The sentence says what is wrong if the condition does not hold."""
    self.tried += 1
    if not condition:
      self.wrong.append(sentence() if callable(sentence) else sentence)
    return bool(condition)

  def refused(self, what, answer, *statuses):
    """Checks that an answer is a refusal of these statuses; of any 4xx, if none are given."""
    good = answer.status in statuses if statuses else 400 <= answer.status < 500
    return self.holds(good, lambda: f"{what}: {answer}")

  def note(self, text):
    self.notes.append(text)
