@testable import BeatCore

/// A message in the form of no broker: what a worker reads of the task, a header on each line, and behind them the body.
final class PlainEnvelope: MessageEnvelope {
  func prepare(_ message: TaskMessage) -> any PreparedMessage { PlainMessage(message) }
}

private final class PlainMessage: PreparedMessage {
  private let id: TaskID
  /// What stands before, between and behind the places of the id.
  private let parts: [[UInt8]]

  init(_ message: TaskMessage) {
    var writer = PlainWriter()
    message.headers.write(to: &writer)
    writer.append(message.body)
    (id, parts) = (message.headers.id, writer.parts)
  }

  var bytes: [UInt8] { bytes(for: id) }

  func bytes(for id: TaskID) -> [UInt8] { Array(parts.joined(separator: Array(id.description.utf8))) }
}

private struct PlainWriter: TaskHeaderWriter {
  private(set) var parts: [[UInt8]] = [[]]

  mutating func append(_ bytes: some Sequence<UInt8>) { parts[parts.count - 1] += bytes }

  mutating func write(_ name: StaticString, _ value: TaskMessage.Headers.Value) {
    append("\"\(name)\": ".utf8)
    switch value {
    case .id:
      append("\"".utf8)
      parts.append(Array("\"".utf8))
    case .utf8(let text): append(text)
    default: append("\(value)".utf8)
    }
    append("\n".utf8)
  }

  mutating func write(key: ArraySlice<UInt8>, json value: ArraySlice<UInt8>) {
    append(key)
    append(": ".utf8)
    append(value)
    append("\n".utf8)
  }
}
