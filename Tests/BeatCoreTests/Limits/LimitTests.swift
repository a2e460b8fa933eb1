import BeatCore
import Foundation
import Testing

@Suite struct LimitTests {
  @Test func exactlyTheNumberIsAllowed() {
    #expect(!Limit.nameLength.isExceeded(by: 1_024))
    #expect(Limit.nameLength.isExceeded(by: 1_025))
  }

  @Test func theWordsNameWhatWasFoundAndWhatIsAllowed() {
    #expect(Limit.nameLength.excess(2_000) == "has 2000 bytes, and at most 1024 are allowed")
  }

  /// The table on the security page is the code's table.
  @Test func theSecurityPagePrintsTheTable() throws {
    let page = try String(contentsOf: securityPage, encoding: .utf8)
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") }.map(String.init)
    let expected = Limit.all.map { limit in
      "| \(limit.subject) | \(grouped(limit.most)) \(limit.unit)s | \(limit.reason) |"
    }
    #expect(!expected.isEmpty)
    #expect(rows.filter { expected.contains($0) } == expected)
  }

  private var securityPage: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../../docs/security.md")
      .standardized
  }

  private func grouped(_ number: Int) -> String {
    var digits = String(number)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return ([digits] + groups).joined(separator: ",")
  }
}
