import Glibc

/// What other programs have written, beside the scripts that asked them.
enum OracleFile {
  private static let folder = String(#filePath.dropLast("OracleFile.swift".count)) + "Oracles/"

  /// The lines of a file, each cut at its tabs.
  static func rows(_ name: String) throws -> [[String]] {
    String(decoding: try TimeTesting.bytes(ofFile: folder + name), as: UTF8.self).split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }
}

extension [UInt8] {
  /// nil: the text is not hexadecimal.
  init?(hexadecimal text: some StringProtocol) {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
    self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  var hexadecimal: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
