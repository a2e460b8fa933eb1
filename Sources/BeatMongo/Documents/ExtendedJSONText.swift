import BeatCore

/// Writes values that JSON does not have as Extended JSON: a Date in milliseconds, a Decimal128 as the number that it is,
/// the others in the canonical form. (Source: the specification "MongoDB Extended JSON", version 2)
enum ExtendedJSONText {
  /// Nil where a part of it is no UTF-8. Nil also for what holds other values, and for types that JSON has.
  static func text(of value: BSONValue) -> String? {
    switch value.type {
    case .double: value.double.map { object("$numberDouble", "\"\(number($0))\"") }
    case .decimal:
      value.decimal.map { $0.isFinite ? $0.text : object("$numberDecimal", "\"\($0.text)\"") }
    case .date: value.milliseconds.map { object("$date", "\($0)") }
    case .objectID: value.objectID.map { objectID($0) }
    case .binary:
      value.binary.map {
        object("$binary", #"{"base64": "\#(Base64.encode(Array($0.bytes)))", "subType": "\#(subtype($0.subtype))"}"#)
      }
    case .regex:
      value.regex.flatMap { parts in
        guard let pattern = string(parts.pattern), let options = string(parts.options) else { return nil }
        return object("$regularExpression", "{\"pattern\": \(pattern), \"options\": \(options)}")
      }
    case .timestamp: value.timestamp.map { object("$timestamp", "{\"t\": \($0.seconds), \"i\": \($0.increment)}") }
    case .pointer:
      value.pointer.flatMap { parts in
        string(parts.collection).map {
          object("$dbPointer", "{\"$ref\": \($0), \"$id\": \(objectID(parts.objectID))}")
        }
      }
    case .code: value.utf8.flatMap(string).map { object("$code", $0) }
    case .minKey: object("$minKey", "1")
    case .maxKey: object("$maxKey", "1")
    case .scopedCode, .null, .undefined, .bool, .int32, .int64, .string, .symbol, .document, .array: nil
    }
  }

  private static func object(_ key: String, _ json: String) -> String { "{\"\(key)\": \(json)}" }

  private static func number(_ double: Double) -> String {
    double.isNaN ? "NaN" : double < 0 ? "-Infinity" : "Infinity"
  }

  private static func objectID(_ bytes: ArraySlice<UInt8>) -> String {
    object("$oid", "\"\(ObjectIDText.text(bytes))\"")
  }

  private static func subtype(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

  private static func string(_ utf8: ArraySlice<UInt8>) -> String? {
    String(validating: utf8, as: UTF8.self).map { JSONText.string($0) }
  }
}
