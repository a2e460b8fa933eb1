import Testing

@testable import BeatCore

@Suite("Zones with several names")
struct ZoneLinksTests {
  @Test(arguments: [
    ("US/Pacific", "America/Los_Angeles"), ("Asia/Calcutta", "Asia/Kolkata"), ("Europe/Kiev", "Europe/Kyiv"),
    ("GB", "Europe/London"), ("EST5EDT", "America/New_York"), ("Asia/Saigon", "Asia/Ho_Chi_Minh"),
    ("PRC", "Asia/Shanghai"),
    ("posix/Europe/Berlin", "Europe/Berlin"), ("Brazil/East", "America/Sao_Paulo"), ("NZ-CHAT", "Pacific/Chatham"),
    ("America/Buenos_Aires", "America/Argentina/Buenos_Aires"), ("Zulu", "Etc/UTC"),
  ])
  func formerNames(_ name: String, _ today: String) {
    #expect(ZoneLinks.otherNames(of: name).first == today)
  }

  /// A system that is older than a zone's new name has the zone under its former name.
  @Test func newNames() {
    #expect(ZoneLinks.otherNames(of: "Europe/Kyiv").contains("Europe/Kiev"))
    #expect(ZoneLinks.otherNames(of: "America/Nuuk").contains("America/Godthab"))
  }

  @Test func whatHasOneNameHasNoOther() {
    for name in ["Mars/Olympus", "", "UTC+2", "posix", "Asia/Tehran "] {
      #expect(ZoneLinks.otherNames(of: name).isEmpty)
    }
  }

  /// Each name of the table that this system has shows the same times as its zone, and Python has the same table.
  @Test func allOfThem() throws {
    let names = Set(TimeTesting.zoneNames())
    var compared = 0
    for line in ZoneLinks.table.split(separator: "\n") {
      let group = line.split(separator: " ").map(String.init).filter(names.contains)
      guard let today = group.first else { continue }
      let rules = try TimeTesting.zone(today)
      for former in group.dropFirst() {
        let other = try TimeTesting.zone(former)
        compared += 1
        var time = UnixTime(seconds: 1_000_000_000)
        while time < UnixTime(seconds: 4_000_000_000) {
          if other.utcOffset(at: time) != rules.utcOffset(at: time) {
            Issue.record("\(former) is not \(today) at \(time.iso8601)")
            break
          }
          time = time.advanced(by: 20 * 86_400 * 1_000_000)
        }
      }
    }
    #expect(compared > 200)
  }

  /// The links of the system's own table, where it has one.
  @Test func theSystemsOwnLinks() throws {
    guard let bytes = try? TimeTesting.bytes(ofFile: "\(TimeTesting.zoneFolder)/tzdata.zi") else { return }
    let known = Set(ZoneLinks.table.split(whereSeparator: { " \n".contains($0) }).map(String.init))
    let links = String(bytes).split(separator: "\n").filter { $0.hasPrefix("L ") }.map { $0.split(separator: " ") }
    #expect(links.count > 100)
    for link in links where link.count == 3 { #expect(known.contains(String(link[2])), "\(link[2])") }
  }
}
