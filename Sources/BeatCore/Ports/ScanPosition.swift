/// How far a walk over names or fields has come. Only the store that made the position knows what its text means.
package struct ScanPosition: Hashable, Sendable {
  package let text: String
  /// The number of steps that the walk has made.
  private let steps: Int

  /// The position after the first step.
  package init(_ text: String) { (self.text, steps) = (text, 1) }

  private init(_ text: String, steps: Int) { (self.text, self.steps) = (text, steps) }

  /// The position one step further; nil: the walk has exceeded `Limit.scanSteps`, whatever the server answers.
  package func advanced(to text: String) -> ScanPosition? {
    Limit.scanSteps.isExceeded(by: steps + 1) ? nil : ScanPosition(text, steps: steps + 1)
  }
}
