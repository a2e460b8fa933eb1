import Glibc

@testable import BeatCore

/// Zones of the system, read once. The targets work with real zones, and their files are seeds.
enum FuzzZones {
  /// Zones with daylight saving in both hemispheres and near the equator, with a rule before the standard time
  /// (Dublin), with half an hour of daylight saving, without any, with a skipped day, and one that is 14 hours ahead of
  /// UTC.
  static let names = [
    "UTC", "Europe/Berlin", "America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "America/St_Johns",
    "Africa/Casablanca", "Asia/Kolkata", "Pacific/Apia", "Pacific/Kiritimati", "America/Nuuk", "Asia/Gaza",
  ]

  static let all: [ZoneRules] = names.map { name in
    if name == "UTC" { return .utc }
    return (try? ZoneRules(name: name, tzif: file(name))) ?? .utc
  }

  static let context = DocumentContext(defaultZone: .utc) { name throws(ZoneError) in
    guard let index = names.firstIndex(of: name) else { throw ZoneError(zone: name, message: "there is no such zone") }
    return all[index]
  }

  /// The bytes of a zone's file; empty if there is none.
  static func file(_ name: String) -> [UInt8] {
    guard let file = fopen("/usr/share/zoneinfo/\(name)", "rb") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes.prefix(count))
  }
}
