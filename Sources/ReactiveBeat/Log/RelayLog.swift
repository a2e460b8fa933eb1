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
    case .walked, .unblocked: break
    }
  }

  private func about(_ more: Logger.Metadata) -> Logger.Metadata {
    more.merging(["broker": .string("\(broker)")]) { $1 }
  }
}
