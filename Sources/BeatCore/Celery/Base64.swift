internal import FoundationEssentials

/// The transfer encoding of message bodies on kombu's virtual transports.
enum Base64 {
  static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
