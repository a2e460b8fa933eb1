/// One check of an adapter. It collects what is wrong, and reports it at the end.
class Trial {
  private(set) var breaches: [String] = []
  private var finalLooks: [() -> Void] = []

  /// Why a check cannot go on.
  struct Stop: Error {
    let breach: String

    init(_ breach: String) { self.breach = breach }
  }

  func breach(_ text: String) { breaches.append(text) }

  func expect(_ holds: Bool, _ breach: @autoclosure () -> String) {
    if !holds { breaches.append(breach()) }
  }

  func equal<Value: Equatable>(_ found: Value, _ wanted: Value, _ what: String) {
    expect(found == wanted, "\(what): \(Self.shortened(found)), not \(Self.shortened(wanted))")
  }

  /// Adds a check that is made when the case has ended.
  func atEnd(_ look: @escaping () -> Void) { finalLooks.append(look) }

  /// Runs a case to its end, or as far as it gets.
  func run(_ body: () throws -> Void) {
    do { try body() } catch let stop as Stop { breaches.append(stop.breach) } catch { breaches.append("\(error)") }
    for look in finalLooks { look() }
    finalLooks.removeAll()
  }

  private static func shortened(_ value: Any) -> String {
    let text = words(value)
    return text.count > 300 ? "\(text.prefix(300))…" : text
  }

  /// A value as text, with bytes decoded.
  private static func words(_ value: Any) -> String {
    switch value {
    case let bytes as [UInt8] where !bytes.isEmpty: "\"\(String(decoding: bytes, as: UTF8.self))\""
    case let list as [[UInt8]] where !list.isEmpty: "[\(list.map(words).joined(separator: ", "))]"
    case let list as [[UInt8]?] where !list.isEmpty:
      "[\(list.map { $0.map(words) ?? "nil" }.joined(separator: ", "))]"
    default: "\(value)"
    }
  }
}

/// A value that callbacks write to.
final class Box<Value> {
  var value: Value

  init(_ value: Value) { self.value = value }
}
