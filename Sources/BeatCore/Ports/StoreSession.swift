/// Leads to the store, again and again: start-up and reconnect are the same path.
package protocol StoreConnector: AnyObject {
  /// Begins a stay with the store.
  ///
  /// - Parameters:
  ///   - changeDetection: how edits are to be heard.
  ///   - fence: the token of our lease, asked for whenever something is sent that only its holder may do; empty: there
  ///   is no
  ///     lease.
  ///   - event: called until `.ended`, and never inside the call.
  func open(
    changeDetection: ChangeDetection, fence: @escaping () -> String, event: @escaping (StoreEvent) -> Void
  ) -> any StoreConnection

  /// As people know the store: without a password.
  var name: String { get }
}

/// One stay with the store, from connecting to its end.
package protocol StoreConnection: AnyObject {
  /// Ends it without a word: no event comes any more, and what is open is answered in a later turn.
  func close()
}

/// What can be done while edits are heard.
package protocol StoreSession: AnyObject {
  var schedules: any ScheduleStore { get }
  var leases: any LeaseStore { get }
  var daemons: any DaemonRegistry { get }
  var receipts: any ReceiptStore { get }
  var requests: any ManualRequests { get }
  var outbox: any Outbox { get }
  var delivery: Delivery { get }
  /// Which routes the store's fires can reach; nil: all.
  var routes: RouteRules? { get }

  /// Carries out all that a fire needs, on places of its own, and leaves nothing behind.
  ///
  /// - Parameters:
  ///   - isLoaded: the schedules have been read, so that what shows whether they can be is known.
  ///   - then: called once; not if the session ends, or after `cancelRehearsal`.
  func rehearse(isLoaded: Bool, then: @escaping (Candidacy.Proof) -> Void)
  func cancelRehearsal()

  /// Finds out what a refusal was about. Not called if the session ends.
  func explain(_ refusal: Refusal, about question: StoreQuestion, then: @escaping (StoreExplanation) -> Void)

  /// What stands at places of our own and cannot be ours, without which everything fires: each in words, with what to
  /// do. Not called if the session ends.
  func foreignPlaces(then: @escaping ([String]) -> Void)

  /// Whether names can show that our place was mistyped. Where they cannot, nobody need look at them.
  var isDubious: Bool { get }
  /// Why our place is probably not the one that was meant, as the names of its schedules show; nil: nothing speaks
  /// against it.
  func doubt(_ names: [EntryName]) -> PlaceDoubt?
  /// Other places at which schedules stand: asked where none stands at ours. nil: they could not be looked for.
  func neighbours(then: @escaping ([EntryName]?) -> Void)

  /// A name may be too long to be read: it is left out on the server, where that can be done, until none is found.
  func suspectLongNames()
}

/// What a daemon has asked for and was refused.
package enum StoreQuestion {
  case documents
  case heartbeat
  /// A run by hand.
  case request
}

package struct StoreExplanation {
  /// In words.
  package var text: String
  /// What this daemon lacks, with what to do about it; nil: it is not about its rights.
  package var lack: String?

  package init(_ text: String, lack: String? = nil) {
    self.text = text
    self.lack = lack
  }
}

/// Rules that a store lays upon routes, such as one in cluster mode.
package struct RouteRules: Equatable {
  /// By which rules are compared.
  package let name: String
  /// Why what goes to these queues could not be sent.
  package let applied: (DocumentContext) -> DocumentContext

  package init(_ name: String, applied: @escaping (DocumentContext) -> DocumentContext) {
    self.name = name
    self.applied = applied
  }

  package static func == (left: RouteRules, right: RouteRules) -> Bool { left.name == right.name }
}

/// What a session tells.
package enum StoreEvent {
  /// Edits are heard, and were seen to be: documents can be loaded.
  case watching(any StoreSession)
  /// A document may be another one.
  case touched(EntryName)
  /// A document was written in place: by a fire, of this daemon or another, or by somebody else.
  case writtenInPlace(EntryName)
  /// A document whose name is too long to be read.
  case ignored(IgnoredNames)
  /// Every document may be another one.
  case touchedAll
  /// Changes were missed, for this reason, and are heard again: every document may be another one.
  case missedChanges(reason: String)
  /// Our own heartbeat was heard: every change of before it has been told.
  case heartbeat
  /// The lease was given back, or ran out.
  case leaseFreed
  /// A run by hand was asked for.
  case requested
  /// Something that a fire can do without was refused as something that we may not do; in the server's words. Comes
  /// before the refused call is answered.
  case lacked(reason: String)
  case notice(StoreNotice)
  /// The session is over; nothing comes after it.
  case ended(SessionFailure)
}

/// What the operator may want to know; the session goes on.
package enum StoreNotice {
  /// Where the primary is.
  case primary(address: String, of: String)
  /// The setting by which edits are heard was changed, or lacks something.
  case notifications(String)
  /// The store may throw schedules away by this policy.
  case evicting(policy: String)
  /// Whether store and broker are one server could not be found out.
  case brokerUnknown(String)
  /// Fields were taken out of a place of our own, which were too long to be ours.
  case foreignFields(count: Int, place: [UInt8])
}

/// Why a session ended.
package enum SessionFailure: Error {
  /// Trying again helps, when the cause has gone.
  case lost(String)
  case notReady(String)
  /// Edits cannot be heard in this way; another one may work.
  case deaf(String)
  /// Trying again does not help before the operator has changed something.
  case misconfigured(String)

  package var text: String {
    switch self {
    case .lost(let text), .notReady(let text), .deaf(let text), .misconfigured(let text): text
    }
  }
}
