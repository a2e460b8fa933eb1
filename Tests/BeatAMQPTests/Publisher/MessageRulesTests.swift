import BeatCore
import Testing

@testable import BeatAMQP

/// What a document may not ask of RabbitMQ.
@Suite struct MessageRulesTests {
  private func problem(priority: Int64? = nil, _ headers: [(String, String)] = []) -> MessageRules.Problem? {
    var options = MessageOptions()
    options.priority = priority
    do throws(MessageRules.Problem) {
      try MessageRules.amqp.check(
        options, headers.map { (ArraySlice("\"\($0.0)\"".utf8), ArraySlice($0.1.utf8)) })
      return nil
    } catch { return error }
  }

  @Test func priorities() {
    for priority in [nil, 0, 9, 255] as [Int64?] { #expect(problem(priority: priority) == nil) }
    for priority in [-1, 256, .max] as [Int64] { #expect(problem(priority: priority)?.field == "priority") }
  }

  @Test(arguments: ["NaN", "1e999", "[Infinity]", "18446744073709551616"]) func headersWithoutAForm(_ value: String) {
    #expect(problem([("x", value)])?.field == "headers")
  }

  @Test func headersThatAreTooLarge() {
    #expect(problem([("x", "\"" + String(repeating: "x", count: 119_900) + "\"")]) == nil)
    #expect(
      problem([("x", "\"" + String(repeating: "x", count: 120_000) + "\"")])?.reason.contains("into the arguments")
        == true)
  }

  @Test func headersThatRoute() {
    #expect(problem([("CC", #"["other"]"#), ("x", "1")]) == nil)
    #expect(problem([("BCC", #""other""#)])?.reason.contains("further queues") == true)
  }
}
