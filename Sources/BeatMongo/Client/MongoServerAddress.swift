/// One server, and what else a direct connection to it must know that a `mongodb+srv` URL does not say itself.
package struct MongoServerAddress: Hashable, Sendable {
  /// `name:port`.
  package let host: String
  package let replicaSet: String?
  /// The database that knows the user.
  package let authSource: String?

  package init(host: String, replicaSet: String? = nil, authSource: String? = nil) {
    self.host = host
    self.replicaSet = replicaSet
    self.authSource = authSource
  }
}
