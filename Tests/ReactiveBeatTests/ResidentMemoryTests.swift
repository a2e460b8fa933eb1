import Glibc
import Testing

@testable import BeatLoop
@testable import ReactiveBeat

@Suite struct ResidentMemoryTests {
  /// Pages of code that are dropped from memory come back unchanged, even those of the function that drops them.
  @Test func codeComesBack() {
    let function: @convention(c) (Int32) -> Int32 = { $0 &* 3 }
    let address = UInt(bitPattern: unsafeBitCast(function, to: UnsafeRawPointer.self))
    #expect(ResidentMemory.code.contains { $0.contains(address) })
    ResidentMemory.trim()
    #expect(function(14) == 42)
  }

  @Test func lessIsResident() throws {
    let before = try Self.residentCode()
    ResidentMemory.trim()
    #expect(try Self.residentCode() < before)
  }

  /// The size of this program's code pages that are in memory and may be dropped, in kB.
  private static func residentCode() throws -> Int {
    let text = try String(contentsOfProcessFile: "/proc/self/smaps")
    var isCode = false
    var sum = 0
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count >= 5, words[1].count == 4, words[0].contains("-") {
        isCode = words[1] == "r-xp" && words.count >= 6
      } else if isCode, words.first == "Rss:", words.count > 1 {
        sum += Int(words[1]) ?? 0
      }
    }
    return sum
  }
}

extension String {
  fileprivate init(contentsOfProcessFile path: String) throws {
    let file = try #require(fopen(path, "re"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    self.init(decoding: bytes, as: UTF8.self)
  }
}
