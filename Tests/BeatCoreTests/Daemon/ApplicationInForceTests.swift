import Testing

@testable import BeatCore
@testable import BeatDriver

@Suite("Of the manifests that are stored the last good one is in force")
struct ApplicationInForceTests {
  private var inForce = ApplicationInForce()
  /// How often bytes were parsed.
  private final class Counter { var parsed = 0 }
  private let counter = Counter()

  private mutating func take(_ text: String?) -> String {
    let change = inForce.take(text.map { Array($0.utf8) }, digest: { $0 }) { [counter] bytes throws(DocumentProblem) in
      counter.parsed += 1
      return try ApplicationManifest(bytes, context: Sample.context)
    }
    return switch change {
    case .none: "none"
    case .unreadable: "unreadable"
    case .replaced(nil, true): "gone"
    case .replaced(nil, false): "gone, and nothing is read"
    case .replaced(_?, true): "replaced, and documents are read"
    case .replaced(_?, false): "replaced"
    }
  }

  /// The macro's argument cannot mutate.
  private func expect<Value: Equatable>(
    _ found: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found == expected, sourceLocation: sourceLocation)
  }

  private static let one = #"{"version": 1, "tasks": {"a": {"queue": "q"}}}"#
  private static let other = #"{"version": 1, "tasks": {"a": {"queue": "r"}}}"#

  @Test mutating func itsLife() {
    expect(take(nil), "none")
    expect(take(Self.one), "replaced, and documents are read")
    expect(take(Self.one), "none")
    #expect(counter.parsed == 1)
    expect(take(Self.one + " "), "none")
    expect(take(Self.other), "replaced")
    expect(take("{"), "unreadable")
    #expect(inForce.manifest?.tasks["a"]?.options.queue == "r")
    expect(take("{"), "none")
    expect(take(Self.other), "none")
    _ = take("{")
    expect(inForce.isNews("it cannot be read"), true)
    expect(take(Self.other), "replaced")
    _ = inForce.isNews(nil)
    expect(take(nil), "gone")
    #expect(inForce.manifest == nil)
    expect(take("{"), "unreadable")
    expect(take(nil), "none")
  }

  @Test mutating func aReasonIsNewsOnce() {
    expect(inForce.isNews("a"), true)
    expect(inForce.isNews("a"), false)
    expect(inForce.isNews("b"), true)
    expect(inForce.isNews(nil), false)
    expect(inForce.isNews("b"), true)
  }
}
