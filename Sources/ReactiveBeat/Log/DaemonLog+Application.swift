import BeatCore
import BeatRedis
import Logging

extension DaemonLog {
  /// What the application says from now on; nil: nothing any more.
  func report(_ manifest: ApplicationManifest?) {
    guard let manifest else {
      return logger.notice(
        "application",
        metadata: [
          "reason": .string("its manifest is gone: documents are read without it; \(ApplicationManifest.remedy)")
        ])
    }
    var metadata: Logger.Metadata = [
      "name": .string(manifest.name), "tasks": .stringConvertible(manifest.tasks.count),
    ]
    if let zone = manifest.timezone { metadata["timezone"] = .string(zone) }
    if let queue = manifest.fallback.options.queue { metadata["default_queue"] = .string(queue) }
    if let date = manifest.publishedAt { metadata["published"] = .string(date.iso8601) }
    if let host = manifest.publishedBy { metadata["by"] = .string(host) }
    logger.notice("application", metadata: metadata)
    guard let told = manifest.transportOptions, let options = try? TransportOptions(json: told),
      options.keys != configuration.transportOptions.keys
    else { return }
    logger.warning(
      "application",
      metadata: [
        "reason": .string(
          "its workers' broker_transport_options are \(options), and this daemon's \(configuration.transportOptions): "
            + "start it with those of the workers (--broker-transport-options)")
      ])
  }
}
