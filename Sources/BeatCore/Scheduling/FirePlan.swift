/// One occurrence to fire: all that the atomic script needs, made once. Carrying it out again is always safe.
public struct FirePlan: Hashable, Sendable {
  public var entry: EntryName
  /// The task's name, for the log.
  public var task: String
  public var taskID: TaskID
  /// The occurrence's nominal time.
  public var due: UnixTime
  /// The document's bytes that were decided on; the script refuses if others stand there now.
  public var oldDocument: [UInt8]
  public var newDocument: [UInt8]
  public var message: [UInt8]
  public var route: Route
  public var priority: Int64
  public var mark: Mark
  public var reason: FireReason
}

/// Why something is fired.
public enum FireReason: String, Hashable, Sendable {
  /// It is due.
  case schedule
  /// It was missed, and is made up for.
  case catchUp = "catch-up"
  /// The document asks for a run at once.
  case immediate
  /// It was due before, and its queue could not take it.
  case queue
  /// Somebody wants it now.
  case manual
}

/// What became of a fire.
public enum FireOutcome: Hashable, Sendable {
  /// Pushed, marked and written back.
  case fired
  /// The mark already holds this task id: an own reply that was lost, or a document rolled back since.
  case alreadyMine
  /// The mark holds this due time or a newer one.
  case already
  /// No document stands there.
  case gone
  /// Another document stands there.
  case changed
  /// Not yet due by Redis' clock, which shows this time.
  case early(serverTime: UnixTime)
  /// Another daemon holds the lease.
  case fenced
  /// Nothing was changed, and trying again later is right: a queue key of the wrong type, an exchange without a queue,
  /// a server that is out of memory. The text says what and where.
  case refused(String)
  /// Nothing was changed, and this server will not do it: it is a replica now, still loading, or wants a password. A new
  /// connection may lead to one that does. The text is the server's.
  case wrongServer(String)
  /// The connection died first: it may have happened, or may not.
  case unknown
}
