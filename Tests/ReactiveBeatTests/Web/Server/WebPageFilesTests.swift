import Glibc
import Testing

@testable import beat_watch

/// The page's files are in the program, all of them.
@Suite struct WebPageFilesTests {
  @Test("every file of the folder is served, and nothing else")
  func all() throws {
    let folder = ProjectFolder.root + "/Sources/beat-watch/Page"
    let directory = try #require(opendir(folder))
    defer { closedir(directory) }
    var names: Set<String> = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { names.insert(name) }
    }
    #expect(Set(WebPageFiles.all.map(\.name)) == names.subtracting(["openapi.json"]))
    for (name, bytes) in WebPageFiles.all { #expect(!bytes.isEmpty, "\(name)") }
  }

  @Test("no file asks for anything of another host, and none has script or style where the policy forbids it")
  func policy() {
    for (name, bytes) in WebPageFiles.all {
      let text = String(decoding: bytes, as: UTF8.self)
      let links = text.split(whereSeparator: { " \"'`()<>\n".contains($0) }).filter {
        $0.hasPrefix("http://") || $0.hasPrefix("https://") || $0.hasPrefix("//") && $0.contains(".")
      }
      #expect(links.allSatisfy { $0.hasPrefix("http://www.w3.org/") }, "\(name): \(links)")
      #expect(!text.contains("innerHTML") && !text.contains("eval(") && !text.contains("outerHTML"), "\(name)")
      if name.hasSuffix(".html") {
        #expect(!text.contains("<style") && !text.contains(" style=") && !text.contains(" onclick="), "\(name)")
        #expect(!text.contains("<script>"), "\(name)")
      }
    }
  }
}
