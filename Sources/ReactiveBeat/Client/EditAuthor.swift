import BeatCore
import BeatLoop
import BeatRedis
import Glibc

/// Who edits, as it is recorded. It is what the client says of itself, and nothing checks it.
package struct EditAuthor: Hashable, Sendable {
  package let user: String
  package let origin: String

  /// - Parameters:
  ///   - user: a name, as the client knows it.
  ///   - origin: from where, such as `web from 192.0.2.7`.
  package init(user: String, origin: String) {
    self.user = user
    self.origin = origin
  }

  /// The user of this process, at a command line: who has called sudo, else the user of the login, else of the process.
  package static var commandLine: EditAuthor {
    EditAuthor(user: processUser, origin: "command line on \(HostName.current)")
  }

  private static var processUser: String {
    for name in ["SUDO_USER", "USER", "LOGNAME"] {
      if let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty { return value }
    }
    let id = geteuid()
    return getpwuid(id).flatMap { $0.pointee.pw_name }.map { String(cString: $0) } ?? "uid \(id)"
  }

  // MARK: records

  /// The record of a change that was stored; nil: nothing was changed.
  ///
  /// - Parameter action: nil: to create or to change.
  package func record(of change: ScheduleChange, as action: EditAction? = nil) -> EditRecord? {
    guard !change.isNone else { return nil }
    return record(
      action ?? (change.isNew ? .create : .change), change.name, at: change.at, before: change.before.bytes,
      after: change.after)
  }

  /// The record of any other edit.
  ///
  /// - Parameters:
  ///   - before: the bytes that were replaced or deleted.
  ///   - after: the bytes that were stored.
  package func record(
    _ action: EditAction, _ name: EntryName?, to newName: EntryName? = nil, at: UnixTime, before: [UInt8]? = nil,
    after: [UInt8]? = nil, note: String? = nil
  ) -> EditRecord {
    EditRecord(
      at: at, user: user, origin: origin, action: action, name: name, newName: newName,
      before: before.map { SHA1.hex($0) }, after: after.map { SHA1.hex($0) }, note: note)
  }
}
