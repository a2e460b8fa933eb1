import BeatCore

extension MessageRules {
  /// The most that headers may have; bytes. A server takes 131,064 for them and for what Celery adds, unless its `frame_max`
  /// says otherwise.
  private static let mostHeaders = 120_000

  /// What AMQP has no form for: priorities of more than one octet, and headers that no table can hold.
  package static let amqp = MessageRules(exchangeTypes: .any) { (options, headers) throws(Problem) in
    if let priority = options.priority, !(0...255).contains(priority) {
      throw Problem("priority", "expected a whole number, 0 to 255: RabbitMQ serves the larger one first")
    }
    guard !headers.isEmpty else { return }
    var table = TableWriter()
    do throws(ImpossibleMessage) { try table.append("headers", headers) } catch {
      throw Problem("headers", error.description)
    }
    guard table.output.count <= Self.mostHeaders else {
      throw Problem(
        "headers",
        "they have \(Plural.of(table.output.count, "byte")), and RabbitMQ takes about \(mostHeaders): put what is large into "
          + "the arguments")
    }
  }
}
