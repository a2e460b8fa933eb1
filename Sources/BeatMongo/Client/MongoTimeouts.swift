/// How long a client waits, in milliseconds. A smaller value of the user's URL wins.
package struct MongoTimeouts: Hashable, Sendable {
  /// For a connection to a server, and for its TLS.
  package var connect: Int32 = 1500
  /// For a server's answer. It must exceed how long the server is asked to wait (maxTimeMS, wtimeout). The library's own
  /// is five minutes, for which a frozen server would go unnoticed.
  package var answer: Int32 = 3000
  /// For a server that is fit, such as a primary.
  package var selection: Int32 = 2000

  package init() {}

  /// For walks through whole collections. A server may have to look through all of a large one before it answers.
  static let walk = {
    var timeouts = MongoTimeouts()
    timeouts.answer = 30_000
    return timeouts
  }()
}
