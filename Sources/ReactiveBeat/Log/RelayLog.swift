import BeatCore
import BeatDriver
import BeatRedis
import Logging

/// Writes the relay's events as log lines.
struct RelayLog {
  private let logger: Logger
  private let broker: BrokerAddress

  init(_ logger: Logger, broker: BrokerAddress) {
    self.logger = logger
    self.broker = broker
  }

  func report(_ event: RelayEvent) {
    switch event {
    case .brokerLost(let reason, let waiting):
      var fields = about(["reason": .string(reason)])
      if let waiting { fields["waiting"] = .stringConvertible(waiting) }
      logger.error("broker lost", metadata: fields)
    case .brokerBack(let waiting):
      logger.notice("broker back", metadata: about(["waiting": .stringConvertible(waiting)]))
    case .deferred(let item, let reason):
      var fields: Logger.Metadata = ["reason": .string(reason)]
      if let item {
        fields["id"] = .string(item.taskID.description)
        fields["queue"] = .string(item.route.name)
      }
      logger.error("deferred", metadata: fields)
    case .relayed(let count, let duplicates, let waiting):
      logger.debug(
        "relayed",
        metadata: [
          "count": .stringConvertible(count), "duplicates": .stringConvertible(duplicates),
          "waiting": .stringConvertible(waiting),
        ])
    case .setAside(let item, let reason):
      logger.error(
        "set aside",
        metadata: [
          "id": .string(item.taskID.description), "queue": .string(item.route.name),
          "reason": .string(
            "\(reason); the broker will never take this message, and `beat-watch doctor` tells what to do"),
        ])
    case .repeated(let repeats):
      var fields: Logger.Metadata = [
        "count": .stringConvertible(repeats.count), "reason": .string(Self.words(repeats)),
      ]
      if let first = repeats.first {
        fields["id"] = .string(first.taskID.description)
        fields["queue"] = .string(first.route.name)
      }
      logger.warning("possible repeats", metadata: fields)
    case .walked, .unblocked: break
    }
  }

  /// What is known, and no more.
  private static func words(_ repeats: PossibleRepeats) -> String {
    let ours = repeats.count - repeats.ofEarlierLeader
    var causes: [String] = []
    if ours > 0 {
      causes.append(
        "for \(Plural.of(ours, "message")) it was not known whether the broker had it, and it was sent again")
    }
    if repeats.ofEarlierLeader > 0 {
      causes.append(
        "\(repeats.ofEarlierLeader) of them waited when this daemon began to lead, and the leader before may have sent "
          + "them: its record says that it has not come to its end in order")
    }
    return causes.joined(separator: "; ") + "; workers may get each twice, with the same task id"
  }

  private func about(_ more: Logger.Metadata) -> Logger.Metadata {
    more.merging(["broker": .string("\(broker)")]) { $1 }
  }
}
