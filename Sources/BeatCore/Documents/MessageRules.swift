/// What a kind of broker does not take of a message, beyond what no broker takes. A document that asks for it is rejected when
/// it is read, and not when its first message is to leave.
package struct MessageRules: Sendable {
  package struct Problem: Error, Hashable, Sendable {
    /// The option of the document.
    package let field: String
    /// What is wrong, and what would be right.
    package let reason: String

    package init(_ field: String, _ reason: String) { (self.field, self.reason) = (field, reason) }
  }

  /// A document's own headers: the keys with their quotes, and JSON values.
  package typealias Headers = [(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>)]

  /// The types of exchanges that the broker has.
  package let exchangeTypes: ExchangeTypes
  private let rule: @Sendable (MessageOptions, Headers) throws(Problem) -> Void

  package enum ExchangeTypes: Sendable {
    /// `direct` and `topic`, as in kombu's virtual transports with a queue for each binding.
    case directAndTopic
    /// Those of the server and its plugins: whoever declares an exchange chooses.
    case any
  }

  package init(
    exchangeTypes: ExchangeTypes, _ rule: @escaping @Sendable (MessageOptions, Headers) throws(Problem) -> Void
  ) {
    (self.exchangeTypes, self.rule) = (exchangeTypes, rule)
  }

  /// What every broker takes.
  package static let none = MessageRules(exchangeTypes: .directAndTopic) { _, _ in }

  /// Throws what the broker does not take.
  package func check(_ options: MessageOptions, _ headers: Headers) throws(Problem) { try rule(options, headers) }
}
