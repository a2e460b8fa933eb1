import Glibc
import Wire

/// What no program can do without, done by one that does nothing else.
///
///     floor burst SOCKET DATABASE QUEUE COUNT DOCUMENT MESSAGE   fires, pipelined; the last two are numbers of bytes
///     floor load SOCKET DATABASE PATTERN                         reads all documents; prints ns, their number, bytes
@main enum Floor {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count > 4, let database = Int(arguments[3]) else { usage() }
    let redis = Connection(arguments[2], database: database)
    switch arguments[1] {
    case "burst" where arguments.count == 8:
      guard let count = Int(arguments[5]), let document = Int(arguments[6]), let message = Int(arguments[7]) else {
        usage()
      }
      Burst(redis, queue: arguments[4], documentSize: document, messageSize: message).run(count)
    case "load" where arguments.count == 5: load(redis, arguments[4])
    default: usage()
    }
  }

  static func usage() -> Never { fail("called by scripts/bench; its first lines say with what") }

  /// The next SCAN is on its way while what the last one named is read.
  static func load(_ redis: Connection, _ pattern: String) {
    let began = now()
    var documents = 0
    var bytes = 0
    var page = redis.call("SCAN", "0", "MATCH", pattern, "COUNT", "1000")
    while let cursor = page.first {
      if cursor != "0" { redis.send("SCAN", cursor, "MATCH", pattern, "COUNT", "1000") }
      let keys = page.dropFirst()
      if !keys.isEmpty { redis.send(Connection.encoded(["MGET"] + keys)) }
      page = cursor != "0" ? redis.receive() : []
      if !keys.isEmpty {
        redis.receive {
          documents += 1
          bytes += $0.count
        }
      }
    }
    print(now() - began, documents, bytes)
  }
}
