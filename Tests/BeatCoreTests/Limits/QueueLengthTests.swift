import Testing

@testable import BeatCore

/// Names of queues and exchanges that are longer than AMQP allows.
@Suite struct QueueLengthTests {
  private static let longest = String(repeating: "q", count: 255)

  private func problem(_ more: String) -> String? {
    do throws(DocumentProblem) {
      _ = try ScheduleDocument(Array(Sample.document(more).utf8), context: Sample.context)
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: [
    #""queue": "Q""#, #""options": {"queue": "Q"}"#, #""exchange": "Q", "routing_key": "k""#,
    #""exchange": "x", "routing_key": "Q""#, #""options": {"exchange": "Q"}, "routing_key": "k""#,
  ])
  func theLongestIsTakenAndOneMoreIsNot(_ text: String) {
    #expect(problem(text.replacing("Q", with: Self.longest)) == nil)
    let found = problem(text.replacing("Q", with: Self.longest + "q"))
    #expect(found?.contains("has 256 bytes, and at most 255 are allowed") == true, "\(String(describing: found))")
    #expect((found?.utf8.count ?? 0) < 200)
  }

  /// The limit counts bytes, not characters.
  @Test func bytesCount() {
    #expect(problem(#""queue": "\#(String(repeating: "\u{1F600}", count: 64))""#)?.contains("256 bytes") == true)
  }

  /// Celery ignores an exchange without a routing key, and a queue beside both. Exports have many of these.
  @Test func whatHasNoEffectMayBeLong() {
    #expect(problem(#""exchange": "\#(Self.longest)q""#) == nil)
    #expect(problem(#""routing_key": "\#(Self.longest)q", "queue": "a""#) == nil)
    #expect(problem(#""exchange": "x", "routing_key": "k", "queue": "\#(Self.longest)q""#) == nil)
  }

  @Test func lintSaysTheSame() {
    let text = Sample.document(#""queue": "\#(Self.longest)q""#)
    let review = DocumentReview(Array(text.utf8), context: Sample.context, now: Sample.noon)
    #expect(review.remarks.contains { $0.level == .error && $0.message == Limit.queueLength.excess(256) })
  }
}
