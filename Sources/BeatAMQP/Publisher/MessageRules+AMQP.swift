import BeatCore

extension MessageRules {
  /// Headers by which RabbitMQ routes a message to further queues, as JSON.
  private static let routing = [Array("\"CC\"".utf8), Array("\"BCC\"".utf8)]

  /// What AMQP has no form for: priorities of more than one octet, and headers that no table can hold.
  package static let amqp = MessageRules(exchangeTypes: .any) { (options, headers) throws(Problem) in
    if let priority = options.priority, !(0...255).contains(priority) {
      throw Problem("priority", "expected a whole number, 0 to 255: RabbitMQ serves the larger one first")
    }
    guard !headers.isEmpty else { return }
    for (key, value) in headers where Self.routing.contains(where: { key.elementsEqual($0) }) {
      guard value.first == UInt8(ascii: "[") else {
        throw Problem(
          "headers",
          "RabbitMQ takes CC and BCC for lists of further queues, and refuses anything else: choose another name")
      }
    }
    var table = TableWriter()
    do throws(ImpossibleMessage) { try table.append("headers", headers) } catch {
      throw Problem("headers", error.description)
    }
  }
}
