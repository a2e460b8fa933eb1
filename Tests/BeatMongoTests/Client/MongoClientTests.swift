import Testing

@testable import BeatMongo

/// The client against a server of its own.
@Suite struct MongoClientTests {
  @Test func aPingIsAnswered() throws {
    let server = try MongoServer()
    let client = try MongoClient(try MongoURL(server.url()))
    let reply = try client.run(.command("ping"), on: "admin")
    #expect(reply["ok"]?.integer == 1)
  }
}

extension BSONDocument {
  /// A command without a collection.
  static func command(_ name: String) -> BSONDocument {
    var writer = BSONWriter()
    writer.add(name, Int32(1))
    return writer.document
  }
}
