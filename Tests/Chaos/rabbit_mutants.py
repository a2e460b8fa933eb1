"""Tests the variant "rabbitmq": a daemon or a guard without one of its safeguards must be found out."""

from mutants import COLUMNS, Mutant, check, outcome, try_all

RELAY = "Sources/BeatDriver/OutboxRelay+Window.swift"
CONNECTION = "Sources/BeatAMQP/Connection/AMQPConnection.swift"
CHANNEL = "Sources/BeatAMQP/Connection/AMQPChannel.swift"
PUBLISHER = "Sources/BeatAMQP/Publisher/AMQPPublisher.swift"
GUARD = "Python/reactivebeat/src/reactivebeat/guard/record.lua"

MUTANTS = [
  Mutant("nothing", []),
  # RabbitMQ confirms what it drops.
  Mutant("mandatory", [(CONNECTION, "isMandatory: true", "isMandatory: false")], ["rabbitmq: no queue"]),
  # What is written counts as delivered.
  Mutant(
    "confirms",
    [(CHANNEL, "    confirms.sent(completion, id: message.correlationID)\n",
      "    confirms.sent({ _ in }, id: message.correlationID)\n"
      "    connection.surroundings.soon { completion(.confirmed) }\n"),
     (CONNECTION, "  private let surroundings: any Surroundings\n", "  let surroundings: any Surroundings\n")],
    ["publish sent", "rabbitmq: cut", "rabbitmq: kill -9"]),
  Mutant(
    "the confirm before the removal",
    [(RELAY, "    repeats?.begins(item.taskID)\n",
      "    repeats?.begins(item.taskID)\n    outbox?.remove(window.page.items[index].handle) { _ in }\n")],
    ["publish sent", "rabbitmq: cut", "rabbitmq: kill -9"]),
  Mutant(
    "the memory of what was confirmed",
    [(PUBLISHER, "    if confirmed.contains(item.taskID) { return answer(.duplicate) }\n", "")],
    ["taking it out", "error reply", "cut"]),
  Mutant(
    "the wait behind what came back",
    [(RELAY, "    walk.block(lanes, isServerAtFault: isServerAtFault)\n", "")],
    ["rabbitmq: no queue", "any time, broker"]),
  Mutant("the record of an end", [(GUARD, "  if done and not precedes(done, mine) then return {'done'} end\n", "")]),
]


def main(options):
  options.seconds = options.seconds or 60
  heading = f"at most {options.seconds:g} s each\n{COLUMNS}"
  return try_all(options, MUTANTS, "chaos", heading, outcome)


if __name__ == "__main__":
  check(MUTANTS)
