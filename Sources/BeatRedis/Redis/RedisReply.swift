/// A server's reply, copied out of hiredis.
package enum RedisReply: Hashable, Sendable {
  /// A bulk string: any bytes. Also RESP3's verbatim strings and big numbers.
  case string([UInt8])
  /// A simple string, such as `OK`.
  case status(String)
  case integer(Int64)
  /// An array. Also RESP3's sets and pushes, and maps as key, value, key, value.
  case array([RedisReply])
  case null
  /// The server refused or failed; the connection is as good as before.
  indirect case error(RedisServerError)
  /// RESP3 only.
  case double(Double)
  /// RESP3 only.
  case boolean(Bool)
}

extension RedisReply {
  /// The bytes of a string or status.
  package var bytes: [UInt8]? {
    switch self {
    case .string(let bytes): bytes
    case .status(let text): Array(text.utf8)
    default: nil
    }
  }

  /// A string or status as text; bytes that are no UTF-8 become U+FFFD.
  package var text: String? {
    switch self {
    case .string(let bytes): String(decoding: bytes, as: UTF8.self).streamSafe
    case .status(let text): text
    default: nil
    }
  }

  /// The value of an integer, or nil.
  package var integer: Int64? {
    if case .integer(let value) = self { value } else { nil }
  }

  /// The elements of an array, or nil.
  package var array: [RedisReply]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The elements of an array two by two, such as a hash's fields and values; nil: the reply is no array, or has an odd
  /// count.
  package var pairs: [(RedisReply, RedisReply)]? { array?.pairs }

  /// The server's error, or nil.
  package var error: RedisServerError? {
    if case .error(let error) = self { error } else { nil }
  }

  /// Whether the reply is nil: Redis' reply for "no such value".
  package var isNull: Bool { self == .null }

  /// Whether the reply is the status `OK`.
  package var isOK: Bool { self == .status("OK") }
}

extension [RedisReply] {
  /// The elements two by two; nil: the count is odd, and it cannot be told which element is missing.
  package var pairs: [(RedisReply, RedisReply)]? {
    guard count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: count, by: 2).map { (self[$0], self[$0 + 1]) }
  }
}

/// An error reply.
package struct RedisServerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The first word in capitals, such as `NOSCRIPT` or `WRONGTYPE`; `ERR` when the server gave none.
  package let code: String
  /// The whole line, code included.
  package let message: String

  /// Takes a server's error line apart.
  package init(_ line: String) {
    let word = line.prefix { $0 != " " }
    let isCode = !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_") }
    code = isCode ? String(word) : "ERR"
    message = line
  }

  package var description: String { message }
}
