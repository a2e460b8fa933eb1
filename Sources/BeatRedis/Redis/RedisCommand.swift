/// One command in the server's wire format, built in a single buffer. Arguments are bytes: NUL, line breaks and
/// percent signs are ordinary.
package struct RedisCommand: Sendable {
  /// First `header` bytes, of which the last `headerLength` are "*<count>\r\n". Then "$<length>\r\n<bytes>\r\n" for
  /// each argument. Then a NUL, which hiredis needs when it looks at the command.
  private var buffer: [UInt8]
  private var count = 0
  private var headerLength = 0

  /// Room for "*", up to 10 digits, and "\r\n".
  private static let header = 13

  /// Builds a command from its name and arguments: `RedisCommand("SET", key, value)`.
  package init<each Argument: RedisArgument>(_ name: String, _ arguments: repeat each Argument) {
    buffer = []
    buffer.reserveCapacity(128)
    buffer.append(contentsOf: repeatElement(0, count: RedisCommand.header + 1))
    name.append(to: &self)
    repeat (each arguments).append(to: &self)
  }

  /// Adds an argument.
  package mutating func append(_ argument: some RedisArgument) { argument.append(to: &self) }

  /// Adds each element as an argument of its own.
  package mutating func append(contentsOf arguments: some Sequence<[UInt8]>) {
    for argument in arguments { append(bytes: argument) }
  }

  /// Reserves room for about that many bytes of arguments.
  mutating func reserveCapacity(_ bytes: Int) { buffer.reserveCapacity(bytes) }

  /// Adds one argument.
  mutating func append(bytes: some Collection<UInt8>) {
    begin(bytes.count)
    buffer.append(contentsOf: bytes)
    end()
  }

  /// Adds one argument, in two parts.
  mutating func append(joining head: [UInt8], _ tail: [UInt8]) {
    begin(head.count + tail.count)
    buffer.append(contentsOf: head)
    buffer.append(contentsOf: tail)
    end()
  }

  private mutating func begin(_ length: Int) {
    buffer[buffer.count - 1] = UInt8(ascii: "$")
    append(digitsOf: length)
    buffer.append(UInt8(ascii: "\r"))
    buffer.append(UInt8(ascii: "\n"))
  }

  private mutating func end() {
    buffer.append(UInt8(ascii: "\r"))
    buffer.append(UInt8(ascii: "\n"))
    buffer.append(0)
    count += 1
    writeHeader()
  }

  /// Lends the command's bytes. The byte after them is a NUL.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    let start = RedisCommand.header - headerLength
    return buffer.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[start..<($0.count - 1)])) }
  }

  /// The wire format, for tests.
  var bytes: [UInt8] { withBytes { Array($0) } }

  private mutating func append(digitsOf number: Int) {
    var divisor = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      buffer.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number / divisor % 10))
      divisor /= 10
    }
  }

  /// Writes the header right-aligned into its fixed room, so that a growing count moves no other byte.
  private mutating func writeHeader() {
    var position = RedisCommand.header
    func place(_ byte: UInt8) {
      position -= 1
      buffer[position] = byte
    }
    place(UInt8(ascii: "\n"))
    place(UInt8(ascii: "\r"))
    var rest = count
    repeat {
      place(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    place(UInt8(ascii: "*"))
    headerLength = RedisCommand.header - position
  }
}

/// What can be an argument of a command: bytes, text as UTF-8, whole numbers in decimal.
package protocol RedisArgument {
  /// Adds itself to `command` as one argument.
  func append(to command: inout RedisCommand)
}

extension String: RedisArgument {
  package func append(to command: inout RedisCommand) { command.append(bytes: utf8) }
}

extension Substring: RedisArgument {
  package func append(to command: inout RedisCommand) { command.append(bytes: utf8) }
}

extension [UInt8]: RedisArgument {
  package func append(to command: inout RedisCommand) { command.append(bytes: self) }
}

extension ArraySlice<UInt8>: RedisArgument {
  package func append(to command: inout RedisCommand) { command.append(bytes: self) }
}

extension Int: RedisArgument {
  package func append(to command: inout RedisCommand) { command.append(bytes: String(self).utf8) }
}

extension Int64: RedisArgument {
  package func append(to command: inout RedisCommand) { command.append(bytes: String(self).utf8) }
}
