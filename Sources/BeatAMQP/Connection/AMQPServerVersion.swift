import BeatCore

/// Which server answers, by its own words.
struct AMQPServerVersion: Hashable, Sendable, CustomStringConvertible {
  /// Such as `RabbitMQ 3.10.8`; "": it does not say.
  let description: String
  /// The version's first number; nil: it is not known.
  let major: Int?

  init(_ properties: AMQPTable) {
    func text(_ name: AMQPShortString) -> String? {
      guard case .text(let bytes)? = properties[name] else { return nil }
      return String(decoding: bytes.prefix(60), as: UTF8.self).printable
    }
    let version = text("version")
    description = [text("product"), version].compactMap { $0 }.joined(separator: " ")
    major = version.flatMap { Int($0.prefix { $0.isNumber }) }
  }
}
