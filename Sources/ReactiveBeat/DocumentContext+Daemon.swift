import BeatCore
import BeatRedis

extension DocumentContext {
  /// By which a daemon reads documents.
  ///
  /// - Parameter cluster: what a fire can reach, where the store is in cluster mode.
  ///
  /// Throws: the default zone is unknown.
  init(_ configuration: BeatConfiguration, _ zones: ZoneDirectory, cluster: ClusterFit?) throws {
    var context = DocumentContext(
      defaultZone: try zones.zone(configuration.timezone), shortestInterval: configuration.shortestInterval
    ) { name throws(ZoneError) in try zones.zone(name) }
    context.kombu = configuration.transportOptions.keys
    context.reserved = configuration.reserved
    self =
      cluster?.applied(
        to: context, defaultQueue: configuration.defaultQueue, kombu: configuration.transportOptions.keys) ?? context
  }
}
