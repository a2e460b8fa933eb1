/// What other programs have answered, beside the scripts that asked them.
enum OracleFile {
  private static let folder = String(#filePath.dropLast("OracleFile.swift".count)) + "Oracles/"

  static func lines(_ name: String) throws -> [String] {
    String(decoding: try TimeTesting.bytes(ofFile: folder + name), as: UTF8.self).split(separator: "\n").map(
      String.init)
  }
}
