"""The judge of repeats: each message that comes again needs a death that explains it.

RabbitMQ cannot be asked whether it has a message. So a daemon sends again what was on its way when its connection
ended, and so does the next leader with what an earlier one had sent and not taken out. The proxies know who sent what,
over which connection, and who asked to take it out of the outbox, which nobody does before RabbitMQ's confirm.
"""

import collections
import time

WINDOW = 3  # seconds from the end of a process, a connection or a server to a repeat that it explains


class Repeats:

  def __init__(self, carriers, ledger):
    self.carriers = carriers
    self.ledger = ledger
    self.taken = collections.Counter()  # id of a message -> how often it was taken from the queue
    self.last_taken = {}  # id -> when, seconds since 1970
    self.by_cause = collections.Counter()
    self.deaths = []  # when daemons, servers and the lease were struck
    self.kills = []  # when RabbitMQ was killed

  def take(self, task):
    """Takes in that a message came from the queue. Returns (whether it is the first time, what is wrong or None)."""
    self.taken[task] += 1
    before, self.last_taken[task] = self.last_taken.get(task, 0), time.time()
    repeats = self.taken[task] - 1
    if repeats == 0:
      return True, None
    if any(at >= before for at in self.kills) and repeats >= len(self.publications(task)):
      # What kill -9 keeps RabbitMQ from writing down is also that a message was taken.
      self.by_cause["rabbitmq gave it again"] += 1
      return False, None
    causes = self.causes(task)
    cause = causes[repeats - 1] if len(causes) >= repeats else "nothing"
    self.by_cause[cause] += 1
    if cause != "nothing":
      return False, None
    sent = [f"{copy.at:.3f} by start {copy.start} of daemon {copy.daemon} (connected until {copy.link.ended_at})"
            for copy in self.publications(task)]
    out = self.ledger.removals.get(task, [])
    return False, (f"{task} is on the queue {repeats + 1} times, and what ended explains {len(causes)} repeats: sent "
                   f"{sent}, taken out {out}, struck {self.deaths[-5:]}")

  def publications(self, task):
    """All times that a message was published, the first time first."""
    copies = [copy for carrier in self.carriers for copy in list(carrier.published.get(task, ()))]
    return sorted(copies, key=lambda copy: copy.at)

  def causes(self, task):
    """What explains that a message was published once more, for each time that something does."""
    copies = self.publications(task)
    causes = [self.cause(task, first, second) for first, second in zip(copies, copies[1:])]
    return [cause for cause in causes if cause]

  def cause(self, task, first, second):
    is_same = (first.daemon, first.start) == (second.daemon, second.start)
    removals = self.ledger.removals.get(task, ())
    if is_same and any(daemon == first.daemon and first.at <= at <= second.at for at, daemon in removals):
      return None  # This process knew that RabbitMQ had the message.
    if first.link.ended_at and first.at <= first.link.ended_at <= second.at:
      return "its connection ended"
    if is_same and first.link is not second.link:
      return "its connection ended"  # A process opens the next one then. The proxy may notice an end later.
    if not is_same and any(first.at - WINDOW <= at <= second.at + WINDOW for at in self.deaths):
      return "a process or the lease was struck"
    return None

  def forget(self, before):
    """Drops who published what was taken before a time: it does not come again."""
    for task in [task for task, at in self.last_taken.items() if at < before]:
      del self.last_taken[task]
      for carrier in self.carriers:
        carrier.published.pop(task, None)
