/// Values of Python that JSON does not have, as kombu writes them: a worker's reader gives them to the task as they were.
/// (Source: kombu/utils/json.py `JSONEncoder`)
package enum KombuText {
  /// A `datetime`. (Python before 3.11 reads a fraction of six digits only.)
  ///
  /// - Parameter zone: what follows the time, such as `+00:00`; empty: the `datetime` has no zone.
  package static func datetime(_ instant: UnixTime, zone: String = "") -> String {
    typed("datetime", "\"\(isoformat(instant))\(zone)\"")
  }

  /// What `datetime.isoformat` writes, without a zone.
  package static func isoformat(_ instant: UnixTime) -> String {
    let whole = UnixTime(seconds: instant.seconds)
    let rest = Int(instant.microseconds(since: whole))
    return whole.iso8601.dropLast() + (rest == 0 ? "" : "." + padded(rest, 6))
  }

  /// `bytes`: as text where they are UTF-8.
  package static func bytes(_ bytes: [UInt8]) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      return typed("base64", "\"\(Base64.encode(bytes))\"")
    }
    return typed("bytes", JSONText.string(text))
  }

  private static func typed(_ type: String, _ json: String) -> String {
    #"{"__type__": "\#(type)", "__value__": \#(json)}"#
  }
}
