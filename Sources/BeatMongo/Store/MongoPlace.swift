import BeatCore

/// Where the schedules stand, and the daemons' own collections beside them.
package struct MongoPlace: Hashable, Sendable, CustomStringConvertible {
  package let database: String
  /// The users' collection of schedules.
  package let schedules: String

  package init(database: String, schedules: String) {
    self.database = database
    self.schedules = schedules
  }

  package var description: String { "\(database).\(schedules)" }

  /// The watermarks, and the requests for runs by hand: all documents that have an outbox.
  package var marks: String { own("marks") }
  /// The lease, the daemons' heartbeats and records, the counter of sessions, and the application's manifest.
  var daemon: String { own("daemon") }
  var receipts: String { own("receipts") }
  var history: String { own("history") }
  /// The edits that clients have recorded. No daemon reads or writes it.
  var edits: String { own("edits") }
  /// The messages that the broker will never take.
  package var setAside: String { own("setaside") }

  /// What keeps the task ids of these schedules apart from those of other stores.
  package var taskIDs: TaskIDNamespace { TaskIDNamespace(Array("mongodb:\(database).\(schedules):".utf8)) }

  /// All collections of the daemons. A session ends where one of them is dropped or renamed.
  var ownCollections: [String] { [marks, daemon, receipts, history, setAside] }

  private func own(_ name: String) -> String { "\(schedules).reactivebeat.\(name)" }
}
