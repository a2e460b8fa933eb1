/// Documents as JSON that any program reads.
package enum StrictJSON {
  /// The object on one line, without the white space between its values; nil if the text is none, or holds what only
  /// some readers know: `NaN`, `Infinity`, or the mongo shell's constructors.
  package static func oneLine(_ bytes: [UInt8]) -> [UInt8]? {
    guard JSONObject.isOne(bytes) else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var isString = false
    var isEscaped = false
    for byte in bytes {
      if isString {
        isString = isEscaped || byte != UInt8(ascii: "\"")
        isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
      } else {
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D: continue
        case UInt8(ascii: "("), UInt8(ascii: "N"), UInt8(ascii: "I"): return nil
        case UInt8(ascii: "\""): isString = true
        default: break
        }
      }
      result.append(byte)
    }
    return result
  }
}
