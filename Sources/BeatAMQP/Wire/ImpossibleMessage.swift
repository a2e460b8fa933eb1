import BeatCore

/// Why AMQP has no form for a message. No broker takes it, whatever its route; it is set aside, and others go on.
package struct ImpossibleMessage: Error, Hashable, Sendable, CustomStringConvertible {
  /// One line for people, printable and of bounded length: the field, what it holds, and what to do.
  package let description: String

  /// - Parameters:
  ///   - field: its path in the message, such as `headers.count`.
  ///   - found: what it holds, in JSON; "" where that says nothing.
  ///   - message: what is wrong with that, and what to do.
  init(_ field: String, found: some Collection<UInt8> = EmptyCollection(), _ message: String) {
    let found = found.isEmpty ? "" : " \(DocumentProblem.excerpt(found))"
    let field = field.beginning(Limit.quotationLength.most)
    description = "\(field)\(found): \(message)".beginning(Limit.reasonLength.most).printable
  }
}
