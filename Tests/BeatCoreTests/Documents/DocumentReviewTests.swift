import Testing

@testable import BeatCore

/// All problems of a document at once, each with its place.
@Suite struct DocumentReviewTests {
  private func review(_ text: String) -> [String] {
    DocumentReview(Array(text.utf8), context: Sample.context, now: Sample.noon).remarks.map {
      "\($0.line) \($0.level) \($0.field): \($0.message)"
    }
  }

  @Test func aGoodDocumentLeavesNothingToSay() {
    for text in SampleDocuments.all where Sample.problem(text) == nil {
      #expect(!DocumentReview(Array(text.utf8), context: Sample.context, now: .earliest).hasErrors, "\(text)")
    }
    #expect(review(Sample.document()) == [])
  }

  @Test func everyProblemIsFoundAndEachInItsLine() {
    let remarks = review(
      """
      {"name": "bad", "enabled": "yes",
       "crontab": {"minute": 99, "hour": "2",
         "day_of_week": 7},
       "args": {}, "priority": "high",
       "options": {"expires": "soon"},
       "last_run_at": "yesterday"}
      """)
    let places = remarks.map { $0.split(separator: ":").first.map(String.init) ?? "" }
    #expect(
      places == [
        "1 error task", "1 error enabled", "2 error crontab.minute", "3 error crontab.day_of_week", "4 error args",
        "4 error priority", "5 error options.expires", "6 error last_run_at",
      ])
  }

  @Test func ofTextThatIsNoJSONTheLineIsTold() {
    let remarks = review("{\"name\": \"x\",\n \"task\" 1}")
    #expect(remarks == ["2 error : not a readable document, line 2 column 9: expected ':' after the key"])
  }

  /// No field of these documents can be removed to make room, so the excess is reported once.
  @Test(arguments: ["", #""crontab": {}, "#, #""crontab": {}, "clocked": {}, "#]) func tooManyFields(
    _ schedules: String
  ) {
    let fields = (0..<1_300).map { #""x\#($0)": 0"# }.joined(separator: ", ")
    let remarks = review(#"{"name": "n", "task": "t", "enabled": true, \#(schedules)\#(fields)}"#)
    #expect(remarks.count { $0.contains("and at most 1000 are allowed") } == 1, "\(remarks)")
    #expect(remarks.count == 1, "\(remarks)")
  }

  @Test func noScheduleAndTooMany() {
    #expect(review(Sample.document(interval: nil)).count == 1)
    let remarks = review(Sample.document(#""crontab": {}"#))
    #expect(remarks.first?.contains("has more than one schedule") == true && remarks.count == 1, "\(remarks)")
  }

  @Test(arguments: [
    ("queu", "queue"), ("kwarg", "kwargs"), ("intervall", "interval"), ("maxRunCount", "max_run_count"),
    ("enable", "enabled"), ("time_zone", "timezone"), ("prioritiy", "priority"), ("star_after", "start_after"),
  ])
  func aFieldThatLooksLikeOneOfOurs(_ key: String, _ meant: String) {
    #expect(review(Sample.document(#""\#(key)": null"#)).first?.contains("is \(meant) meant?") == true)
  }

  @Test func otherPeoplesFieldsAreTheirs() {
    for key in ["description", "owner", "tenant", "_cls", "_id", "running", "delete_key", "key", "cost_centre"] {
      #expect(review(Sample.document(#""\#(key)": 1"#)) == [])
    }
  }

  @Test func whatHasPassedIsSaid() {
    #expect(review(Sample.document(#""expires_at": "2020-01-01""#)).first?.contains("has passed") == true)
    let clocked = Sample.document(#""clocked": {"clocked_time": "2020-01-01"}"#, interval: nil)
    #expect(review(clocked).first?.contains("clocked: has passed") == true)
  }

  @Test func aFieldThatComesTwiceIsSaid() {
    #expect(
      review(#"{"queue": "a", "# + Sample.document(#""queue": "b""#).dropFirst()).first?.contains("more than once")
        == true)
  }

  /// A review of any text ends, and agrees with the reader on what can be used.
  @Test func itAgreesWithTheReader() {
    var generator = SeededChance(seed: 7)
    for text in SampleDocuments.all {
      for _ in 0..<200 {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
          bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0x20...0x7E, using: &generator)
        }
        let review = DocumentReview(bytes, context: Sample.context, now: Sample.noon)
        #expect(review.hasErrors == (Sample.problem(bytes) != nil), "\(String(bytes))")
      }
    }
  }
}
