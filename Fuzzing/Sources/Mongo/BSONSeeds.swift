@testable import BeatMongo

/// Documents to begin with: each type of BSON, in a field, an array and a document.
enum BSONSeeds {
  static let all = [everything, each, schedule, BSONWriter().document]

  static let each: BSONDocument = {
    var writer = BSONWriter()
    addEach(to: &writer)
    return writer.document
  }()

  static let everything: BSONDocument = {
    var writer = BSONWriter()
    addEach(to: &writer)
    writer.add("document") { addEach(to: &$0) }
    writer.add("array", array: [0, 1]) { inner, name, _ in inner.add(name) { addEach(to: &$0) } }
    return writer.document
  }()

  private static func addEach(to writer: inout BSONWriter) {
    writer.add("double", 0.1)
    writer.add("nan", Double.nan)
    writer.add("string", "a \"é\u{0}🎉\"")
    writer.add("empty") { _ in }
    writer.add("none", array: [])
    writer.add("binary", binary: [0, 200, 255])
    writer.add("uuid", binary: Array(1...16), subtype: 4)
    writer.addUndefined("undefined")
    writer.add("oid", objectID: Array(1...12))
    writer.add("yes", true)
    writer.add("no", false)
    writer.add("date", date: 1_795_672_772_002)
    writer.addNull("null")
    writer.add("regex", pattern: "^a", options: "i")
    writer.add("pointer", collection: "db.c", objectID: Array(1...12))
    writer.add("code", code: "x()")
    writer.add("symbol", symbol: "s")
    writer.add("scoped", code: "y", scope: BSONWriter().document)
    writer.add("int32", Int32(-7))
    writer.add("timestamp", seconds: 1_795_672_772, increment: 3)
    writer.add("int64", Int64(1) << 40)
    writer.add("decimal", BSONDecimal(high: 0x303C << 48, low: 10))
    writer.addMaxKey("max")
    writer.addMinKey("min")
  }

  /// As celerybeat-mongo stores it.
  static let schedule: BSONDocument = {
    var writer = BSONWriter()
    writer.add("_id", objectID: Array(1...12))
    writer.add("_cls", "PeriodicTask")
    writer.add("name", "a report")
    writer.add("task", "tasks.report")
    writer.add("interval") {
      $0.add("_cls", "Interval")
      $0.add("every", Int32(10))
      $0.add("period", "seconds")
    }
    writer.add("args", array: ["a", "b"]) { $0.add($1, $2) }
    writer.add("kwargs") {
      $0.add("when", date: 1_767_323_045_678)
      $0.add("rate", 2.5)
    }
    writer.add("enabled", true)
    writer.add("total_run_count", Int32(1))
    writer.add("last_run_at", date: 1_795_672_772_002)
    writer.add("run_immediately", false)
    return writer.document
  }()
}
