/// Connects to the store, at the start and after each loss: both are the same path.
package protocol StoreConnector: AnyObject {
  /// Opens a connection to the store.
  ///
  /// - Parameters:
  ///   - changeDetection: the way in which edits are detected.
  ///   - fence: returns the token of this daemon's lease; empty: there is no lease. It is called whenever something is
  ///     sent that only the holder may do.
  ///   - event: called until `.ended`, and never inside the call.
  func open(
    changeDetection: ChangeDetection, fence: @escaping () -> String, event: @escaping (StoreEvent) -> Void
  ) -> any StoreConnection

  /// The store's name for people, without a password.
  var name: String { get }

  /// The ways in which edits can be detected, at least one, the best first. If one does not work (`SessionFailure.deaf`),
  /// the daemon tries the next.
  var changeDetections: [ChangeDetection] { get }
}

/// One connection to the store, from connecting to its end.
package protocol StoreConnection: AnyObject {
  /// Ends the connection silently. No event comes any more, and every open call is answered in a later turn.
  func close()
}

/// What the daemon can do while edits are detected.
package protocol StoreSession: AnyObject {
  var schedules: any ScheduleStore { get }
  var leases: any LeaseStore { get }
  var daemons: any DaemonRegistry { get }
  var receipts: any ReceiptStore { get }
  var requests: any ManualRequests { get }
  var application: any ApplicationStore { get }
  var outbox: any Outbox { get }
  var delivery: Delivery { get }
  /// The routes that the store's fires can reach; nil: every route.
  var routes: RouteRules? { get }

  /// Carries out everything that a fire needs, at places that no daemon and no worker uses, and leaves nothing behind.
  ///
  /// - Parameters:
  ///   - isLoaded: the schedules have been read, so it is known whether this daemon can read them.
  ///   - then: called once, but not if the session ends, or after `cancelRehearsal`.
  func rehearse(isLoaded: Bool, then: @escaping (Candidacy.Proof) -> Void)
  /// Breaks the rehearsal off: its `then` is not called any more.
  func cancelRehearsal()

  /// Finds out why a call was refused. `then` is not called if the session ends.
  func explain(_ refusal: Refusal, about question: StoreQuestion, then: @escaping (StoreExplanation) -> Void)

  /// Finds the daemon's own places whose contents no daemon can have written, as far as a fire does not need them. Each
  /// is a sentence with what to do. `then` is not called if the session ends.
  func foreignPlaces(then: @escaping ([String]) -> Void)

  /// Whether the names of schedules can show that the place was mistyped. If false, `doubt` need not be called.
  var isDubious: Bool { get }
  /// Why the place is probably not the one that the operator meant, judged by the names of its schedules; nil: no name
  /// speaks against it.
  func doubt(_ names: [EntryName]) -> PlaceDoubt?
  /// Other places that hold schedules. The daemon asks this if its own place holds none. nil: the store could not look
  /// for them.
  func neighbours(then: @escaping ([EntryName]?) -> Void)

  /// Tells the session that a name may be too long to be read. From now on the server leaves such names out, if it can,
  /// until a whole walk has found none.
  func suspectLongNames()
}

/// The call that was refused.
package enum StoreQuestion {
  case documents
  case heartbeat
  /// A request for a run by hand.
  case request
}

package struct StoreExplanation {
  /// The reason, for people.
  package var text: String
  /// The right that this daemon lacks, with what to do; nil: the refusal is not about its rights.
  package var lack: String?

  package init(_ text: String, lack: String? = nil) {
    self.text = text
    self.lack = lack
  }
}

/// The rules that a store sets for routes, such as those of a server in cluster mode.
package struct RouteRules: Equatable {
  /// The name by which rules are compared.
  package let name: String
  /// Adds the rules to the context by which documents are read, so that a document with a route out of reach is
  /// rejected with the reason.
  package let applied: (DocumentContext) -> DocumentContext

  package init(_ name: String, applied: @escaping (DocumentContext) -> DocumentContext) {
    self.name = name
    self.applied = applied
  }

  package static func == (left: RouteRules, right: RouteRules) -> Bool { left.name == right.name }
}

/// An event of a session.
package enum StoreEvent {
  /// Edits are detected, and a write of the daemon's own has proved it. Documents can be loaded.
  case watching(any StoreSession)
  /// A document may have changed.
  case touched(EntryName)
  /// A document was written in place: by a fire of this daemon or another, or by another client.
  case writtenInPlace(EntryName)
  /// A document was touched whose name is too long to be read.
  case ignored(IgnoredNames)
  /// Every document may have changed.
  case touchedAll
  /// Changes were missed for this reason, and are detected again. Every document may have changed.
  case missedChanges(reason: String)
  /// The event of this daemon's own heartbeat came: the events of all earlier changes have come before it.
  case heartbeat
  /// The holder of the lease gave it back, or the lease ran out.
  case leaseFreed
  /// A request for a run by hand has come.
  case requested
  /// The application's manifest may have changed.
  case applicationTouched
  /// The server refused this daemon something that a fire can do without, for want of a right. The reason is in the
  /// server's words. It comes before the refused call is answered.
  case lacked(reason: String)
  case notice(StoreNotice)
  /// The session has ended. No event follows.
  case ended(SessionFailure)
}

/// A fact that the operator may want to know. The session goes on.
package enum StoreNotice {
  /// The primary's address.
  case primary(address: String, of: String)
  /// The setting that change detection needs was changed, or lacks something.
  case notifications(String)
  /// The store may evict schedules by this policy.
  case evicting(policy: String)
  /// The session could not find out whether store and broker are one server.
  case brokerUnknown(String)
  /// Fields were removed from one of the daemon's own places. They were too long for a daemon to have written them.
  case foreignFields(count: Int, place: [UInt8])
  /// A daemon is here for the first time, and these documents begin to run.
  case leftOut(LeftOutDocuments)
}

/// Why a session ended.
package enum SessionFailure: Error {
  /// The connection was lost. Another attempt helps when the cause has gone, as with `notReady`.
  case lost(String)
  case notReady(String)
  /// Edits cannot be detected in this way. Another way may work.
  case deaf(String)
  /// Another attempt does not help before the operator has changed something.
  case misconfigured(String)

  package var text: String {
    switch self {
    case .lost(let text), .notReady(let text), .deaf(let text), .misconfigured(let text): text
    }
  }
}
