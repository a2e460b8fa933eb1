import BeatCore
import BeatRedis

extension DocumentContext {
  /// The rules by which a daemon reads documents.
  ///
  /// - Parameter routes: the routes that the store's fires can reach; nil: every route.
  ///
  /// Throws: the default zone is unknown.
  init(_ configuration: BeatConfiguration, _ zones: ZoneDirectory, routes: RouteRules?) throws {
    var context = DocumentContext(
      defaultZone: try zones.zone(configuration.timezone), shortestInterval: configuration.shortestInterval.microseconds
    ) { name throws(ZoneError) in try zones.zone(name) }
    context.queueDoubt = configuration.transportOptions.keys.doubt
    context.nameProblem = configuration.reserved.problem
    self = routes?.applied(context) ?? context
  }
}
