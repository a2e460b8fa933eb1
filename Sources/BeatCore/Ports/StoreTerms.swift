/// The words by which a kind of store calls its things, for sentences that are the same for all stores.
package protocol StoreTerms: Sendable {
  /// The server's product.
  var product: String { get }

  // MARK: documents

  /// What stands in the store and holds a document.
  var item: String { get }
  var items: String { get }
  /// Where the documents are, before the place's name.
  var within: String { get }
  /// Where something is that belongs to the documents of one place.
  var beside: String { get }
  /// What each of several applications should have for itself.
  var place: String { get }
  /// What is said of so many items whose names are too long.
  func unread(_ count: Int) -> String
  /// What is said of an item that holds no document, as a predicate.
  var isForeign: String { get }
  /// Several such items.
  var foreignItems: String { get }
  /// What keeps an edit from an item that holds no document, as a predicate.
  func obstacle(_ content: UnusableContent) -> String

  // MARK: options

  /// The option that names the place.
  var placeOption: String { get }
  /// Its variable of the environment.
  var placeVariable: String { get }
  /// The value of the option for a place.
  func value(for place: EntryName) -> EntryName

  // MARK: rights, as the server calls them

  /// To list connections.
  var connectionsRight: String { get }
  /// To read the history.
  var historyRight: String { get }
  /// By which a daemon writes its record.
  var recordRight: String { get }
  /// To record an edit.
  var editRight: String { get }
}

extension StoreTerms {
  /// The option that chooses a place, as a part of a command.
  package func option(for place: EntryName) -> String {
    "\(placeOption) \(ShellWords.quoted(value(for: place).description))"
  }

  /// One sentence about a place without schedules, where other places have some.
  package func neighbours(_ others: [EntryName], of place: String) -> String {
    "no schedule stands \(within) \(place), and some \(within) \(others.map(\.description).joined(separator: ", ")): is "
      + "\(placeOption) (\(placeVariable)) right?"
  }
}
