import Glibc

/// One command in the server's wire format, built in a single buffer. Arguments are bytes: NUL, line breaks and
/// percent signs are ordinary.
package struct RedisCommand: Sendable {
  /// First `header` bytes, of which the last `headerLength` are "*<count>\r\n". Then "$<length>\r\n<bytes>\r\n" for
  /// each argument, up to `end`. The rest is room for more, and all zero: hiredis needs a NUL behind a command when it
  /// looks at it.
  private var buffer: [UInt8]
  private var end = Self.header
  private var count = 0
  private var headerLength = 0

  /// Room for "*", up to 10 digits, and "\r\n".
  private static let header = 13
  /// What an argument takes beside its bytes, and the NUL: "$", up to 19 digits, and twice "\r\n".
  private static let frame = 25

  /// Builds a command from its name and arguments: `RedisCommand("SET", key, value)`.
  package init<each Argument: RedisArgument>(_ name: String, _ arguments: repeat each Argument) {
    buffer = [UInt8](repeating: 0, count: 192)
    name.append(to: &self)
    repeat (each arguments).append(to: &self)
  }

  /// Adds an argument.
  package mutating func append(_ argument: some RedisArgument) { argument.append(to: &self) }

  /// Adds each element as an argument of its own.
  package mutating func append(contentsOf arguments: some Sequence<[UInt8]>) {
    for argument in arguments { append(argument) }
  }

  /// Reserves room for about that many bytes of arguments.
  mutating func reserveCapacity(_ bytes: Int) {
    let room = end + bytes + Self.frame
    guard room > buffer.count else { return }
    buffer = [UInt8](unsafeUninitializedCapacity: room) { [buffer, end] memory, count in
      guard let base = memory.baseAddress else { return }
      buffer.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(memory).copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<end]))
      }
      memset(base + end, 0, room - end)
      count = room
    }
  }

  /// Adds one argument.
  mutating func append(bytes: UnsafeRawBufferPointer) { append(bytes, UnsafeRawBufferPointer(start: nil, count: 0)) }

  /// Adds one argument, in two parts.
  mutating func append(joining head: [UInt8], _ tail: [UInt8]) {
    head.withUnsafeBytes { head in tail.withUnsafeBytes { append(head, $0) } }
  }

  private mutating func append(_ head: UnsafeRawBufferPointer, _ tail: UnsafeRawBufferPointer) {
    let length = head.count + tail.count
    if end + length + Self.frame > buffer.count { reserveCapacity(max(length, buffer.count)) }
    count += 1
    (end, headerLength) = buffer.withUnsafeMutableBytes { [end, count] buffer in
      var place = end
      buffer[place] = UInt8(ascii: "$")
      place += 1 + Self.write(length, before: place + 1 + Self.digits(of: length), in: buffer)
      Self.write(lineEndAt: &place, in: buffer)
      Self.write(head, at: &place, in: buffer)
      Self.write(tail, at: &place, in: buffer)
      Self.write(lineEndAt: &place, in: buffer)
      // The header stands at the end of its fixed room, so that a growing count moves no other byte.
      let headerLength = 3 + Self.write(count, before: Self.header - 2, in: buffer)
      buffer[Self.header - headerLength] = UInt8(ascii: "*")
      buffer[Self.header - 2] = UInt8(ascii: "\r")
      buffer[Self.header - 1] = UInt8(ascii: "\n")
      return (place, headerLength)
    }
  }

  /// Lends the command's bytes. The byte after them is a NUL.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    let start = RedisCommand.header - headerLength
    return buffer.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[start..<end])) }
  }

  /// The wire format, for tests.
  var bytes: [UInt8] { withBytes { Array($0) } }

  private static func digits(of number: Int) -> Int {
    var (rest, digits) = (number / 10, 1)
    while rest > 0 {
      rest /= 10
      digits += 1
    }
    return digits
  }

  /// Writes a number whose last digit stands before `place`.
  ///
  /// - Returns: the number of digits.
  private static func write(_ number: Int, before place: Int, in buffer: UnsafeMutableRawBufferPointer) -> Int {
    var (rest, position) = (number, place)
    repeat {
      position -= 1
      buffer[position] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
    return place - position
  }

  private static func write(
    _ bytes: UnsafeRawBufferPointer, at place: inout Int, in buffer: UnsafeMutableRawBufferPointer
  ) {
    guard !bytes.isEmpty else { return }
    UnsafeMutableRawBufferPointer(rebasing: buffer[place...]).copyMemory(from: bytes)
    place += bytes.count
  }

  private static func write(lineEndAt place: inout Int, in buffer: UnsafeMutableRawBufferPointer) {
    buffer[place] = UInt8(ascii: "\r")
    buffer[place + 1] = UInt8(ascii: "\n")
    place += 2
  }
}

/// What can be an argument of a command: bytes, text as UTF-8, whole numbers in decimal.
package protocol RedisArgument {
  /// Adds itself to `command` as one argument.
  func append(to command: inout RedisCommand)
}

extension String: RedisArgument {
  package func append(to command: inout RedisCommand) {
    var text = self
    text.withUTF8 { command.append(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension Substring: RedisArgument {
  package func append(to command: inout RedisCommand) { String(self).append(to: &command) }
}

extension [UInt8]: RedisArgument {
  package func append(to command: inout RedisCommand) { withUnsafeBytes { command.append(bytes: $0) } }
}

extension ArraySlice<UInt8>: RedisArgument {
  package func append(to command: inout RedisCommand) { withUnsafeBytes { command.append(bytes: $0) } }
}

extension Int: RedisArgument {
  package func append(to command: inout RedisCommand) { String(self).append(to: &command) }
}

extension Int64: RedisArgument {
  package func append(to command: inout RedisCommand) { String(self).append(to: &command) }
}
