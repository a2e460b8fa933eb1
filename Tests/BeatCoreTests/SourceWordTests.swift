import Glibc
import Testing

@Suite("The core and the daemon name no server") struct SourceWordTests {
  /// Where a name is a source: a program whose formats are read, a transport whose bytes were measured, an example.
  private static let sources = [
    "celerybeat-redis", "celerybeatredis", "Celery on Redis", "kombu's Redis", "`KEYS`", "redis://", "64 KiB",
    "\"a Redis list\"",
  ]

  @Test(arguments: ["BeatCore", "BeatDriver"]) func redisIsNamedAsASourceOnly(_ target: String) throws {
    let root = try #require(#filePath.split(separator: "/Tests/").first)
    let files = try Self.files(under: "\(root)/Sources/\(target)")
    #expect(files.count > 20)
    for file in files {
      let text = String(decoding: try TimeTesting.bytes(ofFile: file), as: UTF8.self)
      for line in text.split(separator: "\n") where line.lowercased().contains("redis") {
        #expect(Self.sources.contains { line.contains($0) }, "\(file): \(line)")
      }
    }
  }

  private static func files(under folder: String) throws -> [String] {
    let directory = try #require(opendir(folder))
    defer { closedir(directory) }
    var files: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(".") { continue }
      if name.hasSuffix(".swift") {
        files.append("\(folder)/\(name)")
      } else {
        files += try Self.files(under: "\(folder)/\(name)")
      }
    }
    return files
  }
}
