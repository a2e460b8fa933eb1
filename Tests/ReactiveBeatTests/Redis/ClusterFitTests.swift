import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Which queues a fire can reach in cluster mode, by their names alone.
@Suite struct ClusterFitTests {
  private static let fit = ClusterFit(RedisKeys(prefix: "{beat}:tasks:"))

  @Test(arguments: ["{beat}celery", "{beat}", "x{beat}", "{beat}}", "{beat}{other}"]) func reaches(_ queue: String) {
    #expect(Self.fit?.problem(ofList: Array(queue.utf8)) == nil)
  }

  @Test(arguments: ["celery", "beat", "{other}beat", "{}{beat}", "{beat", "{other}{beat}", ""])
  func doesNotReach(_ queue: String) {
    #expect(Self.fit?.problem(ofList: Array(queue.utf8))?.contains("has not the hash tag {beat}") == true)
  }

  @Test func aPrefixWithoutATagFitsNothing() {
    for prefix in ["tasks:meta:", "{}:", "{beat"] { #expect(ClusterFit(RedisKeys(prefix: prefix)) == nil) }
  }

  private func context(_ kombu: KombuKeys = .standard) throws -> DocumentContext {
    let context = DocumentContext(defaultZone: .utc) { name throws(ZoneError) in
      throw ZoneError(zone: name, message: "none")
    }
    return try #require(Self.fit).applied(to: context, defaultQueue: "celery", kombu: kombu)
  }

  /// The reason has the queue's field and a name that would be right.
  @Test(
    arguments: [
      (#", "queue": "other""#, "queue \"other\": the queue other"),
      (#", "options": {"queue": "other"}"#, "options.queue \"other\": the queue other"),
      ("", "queue: the queue celery"), (#", "exchange": "x""#, "queue: the queue celery"),
      (#", "queue": "{beat}x", "options": {"queue": "other"}"#, nil), (#", "queue": "{beat}x", "priority": 9"#, nil),
      (#", "exchange": "x", "routing_key": "k", "queue": "other""#, nil),
    ] as [(String, String?)])
  func decidesAboutADocument(_ more: String, _ problem: String?) throws {
    let context = try context()
    do throws(DocumentProblem) {
      _ = try ScheduleDocument(Array(schedule("a", more).utf8), context: context)
      #expect(problem == nil)
    } catch {
      #expect(problem.map { error.description.hasPrefix($0) } == true, "\(error)")
      #expect(error.description.contains("{beat}celery"))
    }
  }

  /// A review reports all other problems of the document, too, and each of them once.
  @Test func aReviewGoesOnBehindIt() throws {
    let text = schedule("a", #", "queue": "other", "jitter": "x""#)
    let errors = try DocumentReview(Array(text.utf8), context: context(), now: UnixTime(seconds: 0)).remarks.filter {
      $0.level == .error
    }
    #expect(errors.contains { $0.field == "queue" && $0.found == "\"other\"" })
    #expect(errors.contains { $0.field == "jitter" })
  }

  /// The workers' global prefix comes before the tag.
  @Test func theGlobalPrefixCounts() throws {
    let kombu = KombuKeys(globalPrefix: Array("{shop}".utf8))
    #expect(throws: DocumentProblem.self) {
      _ = try ScheduleDocument(Array(schedule("a", #", "queue": "{beat}x""#).utf8), context: try context(kombu))
    }
  }
}
