/// How far a walk over names or fields has come. What it means is known to the store that gave it.
package struct ScanPosition: Hashable, Sendable {
  package let text: String
  /// Steps that the walk has made.
  private let steps: Int

  /// After the first step.
  package init(_ text: String) { (self.text, steps) = (text, 1) }

  private init(_ text: String, steps: Int) { (self.text, self.steps) = (text, steps) }

  /// One step further; nil: the walk has gone beyond all limits, whatever the server answers.
  package func advanced(to text: String) -> ScanPosition? {
    Limit.scanSteps.isExceeded(by: steps + 1) ? nil : ScanPosition(text, steps: steps + 1)
  }
}
