/// What a server says of itself.
package struct MongoServerFacts: Hashable, Sendable {
  /// The replica set; nil: a standalone server, or a router.
  package let setName: String?
  package let isWritablePrimary: Bool
  /// Where the primary is; nil: the replica set has none.
  package let primary: MongoServerAddress?
  package let maxWireVersion: Int
  /// Such as `7.0.14`; "" where the server does not tell.
  package let version: String
  /// A router of a sharded cluster.
  package let isRouter: Bool
  /// The server's clock, milliseconds since 1970.
  package let localTime: Int64?
}

extension MongoClient {
  /// Asks the server that the URL leads to, which is the primary where the URL names a replica set.
  package func facts() throws(MongoError) -> MongoServerFacts {
    let hello = try hello()
    var command = BSONWriter()
    command.add("buildInfo", Int32(1))
    let version: String
    do throws(MongoError) {
      version = try run(command.document, on: "admin")["version"]?.text ?? ""
    } catch {
      guard case .server = error.kind else { throw error }
      version = ""
    }
    let isPrimary = (hello["isWritablePrimary"] ?? hello["ismaster"])?.bool ?? false
    let (replicaSet, authSource) = resolved
    // A server's own name may mean nothing where this runs, so one that the URL names alone goes by the URL's name.
    let told = hello["primary"]?.text.flatMap { MongoURLText.isHost($0) ? $0 : nil }
    let host = isPrimary ? url.onlyHost ?? told : told
    return MongoServerFacts(
      setName: hello["setName"]?.text, isWritablePrimary: isPrimary,
      primary: host.map { MongoServerAddress(host: $0, replicaSet: replicaSet, authSource: authSource) },
      maxWireVersion: Int(clamping: hello["maxWireVersion"]?.integer ?? 0), version: version,
      isRouter: hello["msg"]?.text == "isdbgrid", localTime: hello["localTime"]?.milliseconds)
  }

  private func hello() throws(MongoError) -> BSONDocument {
    do throws(MongoError) {
      var command = BSONWriter()
      command.add("hello", Int32(1))
      return try run(command.document, on: "admin")
    } catch {
      // Servers before 4.4.2 know the older name only.
      guard error.code == .unknownCommand else { throw error }
      var command = BSONWriter()
      command.add("isMaster", Int32(1))
      return try run(command.document, on: "admin")
    }
  }
}
