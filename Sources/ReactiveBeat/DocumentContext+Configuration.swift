import BeatCore
import BeatRedis

extension DocumentContext {
  /// The rules by which a daemon reads documents.
  ///
  /// - Parameters:
  ///   - routes: the routes that the store's fires can reach; nil: every route.
  ///   - application: what the application says, whose zone comes before the daemon's own; nil: nothing.
  ///
  /// Throws: the default zone is unknown.
  init(
    _ configuration: BeatConfiguration, _ zones: ZoneDirectory, routes: RouteRules? = nil,
    application: ApplicationManifest? = nil
  ) throws {
    var context = DocumentContext(
      defaultZone: try zones.zone(configuration.timezone), shortestInterval: configuration.shortestInterval.microseconds
    ) { name throws(ZoneError) in try zones.zone(name) }
    context.queueDoubt = configuration.transportOptions.keys.doubt
    context.nameProblem = configuration.reserved.problem
    context.messageRules = configuration.broker.messageRules
    if case .mongo = configuration.store { context.newDate = .dollarDate }
    context = context.applying(application)
    self = routes?.applied(context) ?? context
  }
}
