import Glibc
import Wire

/// The least that any program must do, done by a program that does nothing else.
///
///     floor burst SOCKET DATABASE QUEUE COUNT TOGETHER DOCUMENT MESSAGE
///         pipelines COUNT fires, TOGETHER in one script; DOCUMENT and MESSAGE are numbers of bytes
///     floor load SOCKET DATABASE PATTERN
///         reads all documents; prints the nanoseconds, the number of documents and their bytes
@main enum Floor {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count > 4, let database = Int(arguments[3]) else { usage() }
    let redis = Connection(arguments[2], database: database)
    switch arguments[1] {
    case "burst" where arguments.count == 9:
      let numbers = arguments[5...].compactMap { Int($0) }
      guard numbers.count == 4 else { usage() }
      Burst(redis, queue: arguments[4], together: numbers[1], documentSize: numbers[2], messageSize: numbers[3])
        .run(numbers[0])
    case "load" where arguments.count == 5: load(redis, arguments[4])
    default: usage()
    }
  }

  static func usage() -> Never { fail("called by scripts/bench; its first lines say with what") }

  /// Reads all documents. The next SCAN is on its way while the documents that the last one named are read.
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
