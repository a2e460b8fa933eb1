import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// The system's zones under all their names, on a system that lacks some.
@Suite struct ZoneDirectoryTests {
  /// A folder with some of this machine's zones, under their names; it is removed with the object.
  private final class Folder {
    let path: String

    init(_ zones: [String]) throws {
      var template = Array("/tmp/zones-XXXXXX".utf8CString)
      guard mkdtemp(&template) != nil else { throw Failure("mkdtemp", errno) }
      path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      for zone in zones {
        let folder = zone.split(separator: "/").dropLast().joined(separator: "/")
        mkdir("\(path)/\(folder)", 0o700)
        guard symlink("/usr/share/zoneinfo/\(zone)", "\(path)/\(zone)") == 0 else { throw Failure("symlink", errno) }
      }
    }

    deinit { _ = try? CommandRun([], program: ["/bin/rm", "-r", path]) }
  }

  @Test func aFormerNameThatTheSystemLeavesOut() throws {
    let folder = try Folder(["America/Los_Angeles", "Asia/Kolkata", "Europe/Kiev"])
    let zones = ZoneDirectory(path: folder.path)
    let summer = UnixTime(seconds: 1_780_000_000)
    for (name, offset) in [
      ("US/Pacific", -25_200), ("Asia/Calcutta", 19_800), ("Europe/Kyiv", 10_800), ("posix/US/Pacific", -25_200),
    ] {
      let zone = try zones.zone(name)
      #expect(zone.utcOffset(at: summer) == offset)
      #expect(zone.name == name)
    }
    for name in ["US/Eastern", "Mars/Olympus", "../Asia/Kolkata"] {
      do throws(ZoneError) {
        _ = try zones.zone(name)
        Issue.record("\(name) was found")
      } catch {
        #expect(error.message.contains("no such zone") && error.message.contains("tzdata-legacy"), "\(error)")
      }
    }
  }

  /// A zone has one name for each of its files: other spellings, of which there is no end, are refused.
  @Test func aNameThatIsNotInItsPlainForm() throws {
    let zones = ZoneDirectory()
    #expect(try zones.zone("Europe/Berlin").name == "Europe/Berlin")
    for name in [
      "Europe//Berlin", "Europe///Berlin", "/Europe/Berlin", "Europe/Berlin/", "./Europe/Berlin",
      "Europe/../Europe/Berlin",
    ] {
      #expect(throws: ZoneError.self, "\(name)") { try zones.zone(name) }
    }
  }

  /// A folder that links to itself gives endless names: they are found, and only a limited number is remembered.
  @Test func endlessNames() throws {
    let folder = try Folder(["UTC"])
    for number in 0..<6 { symlink(".", "\(folder.path)/\(number)") }
    let zones = ZoneDirectory(path: folder.path)
    for number in 0..<7000 {
      let path = String(number, radix: 6).map { "\($0)/" }.joined()
      #expect(try zones.zone(path + "UTC").utcOffset(at: UnixTime(seconds: 0)) == 0)
    }
    #expect(zones.count <= Limit.zones.most)
  }

  /// Commands, and import, on a system that lacks a zone's former name.
  @Test func inCommandsAndImport() throws {
    let folder = try Folder(["America/Los_Angeles"])
    let environment = ["TZDIR": folder.path]
    let next = try CommandRun(
      ["next", "-", "--json", "--count", "1"],
      input: #"{"crontab": {"minute": 0, "hour": 9}, "timezone": "US/Pacific", "after": "2026-07-01"}"# + "\n",
      environment: environment)
    #expect(next.lines == [#"{"next": ["2026-07-01T16:00:00Z"]}"#])
    let stage = try Stage()
    let documents = ["US/Pacific", "US/Eastern"].map {
      #"{"name": "\#($0)", "task": "t", "enabled": true, "crontab": {"minute": 0}, "timezone": "\#($0)"}"#
    }
    let run = try stage.run(
      ["import", "-"], input: documents.joined(separator: "\n"), environment: ["TZDIR": folder.path])
    #expect(run.exit == .status(65))
    #expect(run.lines.last == "1 written, 1 cannot come")
    #expect(run.lines.first?.contains("tzdata-legacy") == true, "\(run.lines)")
  }
}
