@testable import BeatCore

extension FuzzTarget {
  /// A TZif file with time zone rules.
  static let zone = FuzzTarget(
    "zone", words: ["TZif", "TZif2", "TZif3", "\nCET-1CEST,M3.5.0,M10.5.0/3\n", "\n<+0330>-3:30\n"],
    seeds: {
      // Only the 64-bit half of a version 2 file counts. Small files leave the fuzzer room.
      FuzzZones.names.map { FuzzZones.file($0) }
        + ["Asia/Tokyo", "America/Bogota", "Etc/GMT+5", "Pacific/Guam"].map {
          FuzzZones.file($0)
        } + footerSeeds.map { tzif(footer: Array($0.utf8)) }
    },
    check: { bytes in try holdZone(of: bytes, chance: FuzzInput.digest(bytes.suffix(48))) })

  /// The last line of a TZif file, a POSIX TZ string, in a file that has nothing else.
  static let footer = FuzzTarget(
    "footer",
    words: [
      "CET-1", "CEST", "<+03>-3", "EST5EDT", ",M3.2.0", ",M11.1.0", "/2:00:00", "/-167", "/167", ",J60", ",J365", ",0",
      ",365", "25",
    ],
    seeds: { footerSeeds.map { Array($0.utf8) } },
    check: { bytes in try holdZone(of: tzif(footer: bytes), chance: FuzzInput.digest(bytes)) })

  private static let footerSeeds = [
    "UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "IST-1GMT0,M10.5.0,M3.5.0/1",
    "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
    "AEST-10AEDT,M10.1.0,M4.1.0/3", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "XXX3EDT4,0/0,J365/23",
    "EET-2EEST,M3.4.4/50,M10.4.4/50",
    "AAA0BBB-24,J60/167,300/-167", "AAA24BBB,M1.1.0,M12.5.6/24",
  ]

  /// A version 3 file with one local time type and no transitions.
  private static func tzif(footer: [UInt8]) -> [UInt8] {
    let counts: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4]
    let header = Array("TZif3".utf8) + [UInt8](repeating: 0, count: 15) + counts
    let block: [UInt8] = [0, 0, 0, 0, 0, 0] + Array("AAA".utf8) + [0]
    return header + block + header + block + [0x0A] + footer + [0x0A]
  }

  private static func holdZone(of bytes: [UInt8], chance: UInt64) throws {
    let zone: ZoneRules
    do { zone = try ZoneRules(name: "fuzz", tzif: bytes) } catch { return try holdOneLine(error.description) }
    let starts: [Int64] = [
      UnixTime.earliest.microseconds, -2_208_988_800_000_000, 0, 1_772_452_800_000_000, 253_370_764_800_000_000,
      Int64(bitPattern: chance) % UnixTime.latest.microseconds,
    ]
    for start in starts {
      var time = UnixTime(microseconds: start)
      for _ in 0..<3 {
        for shift: Int64 in [-1, 0, 1_799_999_999, 3_600_000_000] {
          try holdInstant(time.advanced(by: shift), in: zone)
        }
        guard let next = zone.nextTransition(after: time), next < .latest else { break }
        try hold(next > time, "the transition after \(time) is \(next)")
        time = next
      }
    }
    let time = UnixTime(microseconds: starts[Int(chance >> 40) % starts.count])
    let every = 1 + Int64(chance >> 48) % 10_000
    for schedule in [
      Schedule.crontab(try Crontab(line: "30 2 * * *", zone: zone)),
      .crontab(try Crontab(line: "*/20 * * * *", zone: zone)), .crontab(try Crontab(line: "0 0 29 2 1", zone: zone)),
      .interval(try Interval(microseconds: every * 60_000_000, alignedIn: zone)),
      .interval(try Interval(microseconds: every * 60_000_000, relative: true, alignedIn: zone)),
    ] {
      try schedule.holdProperties(after: time, base: time.advanced(by: -1), span: Int64(chance >> 20), in: zone)
    }
  }

  private static func holdInstant(_ time: UnixTime, in zone: ZoneRules) throws {
    guard time > .earliest, time < .latest else { return }
    let offset = zone.utcOffset(at: time)
    try hold(abs(Int64(offset)) <= ZoneFile.maximumOffset, "\(offset) seconds from UTC")
    let local = zone.localTime(at: time)
    try hold(local.instant(utcOffset: offset) == time, "\(time) is shown as \(local) at \(offset)")
    _ = (zone.abbreviation(at: time), zone.isDST(at: time))
    // A clock that is put back again and again within two days shows the same reading more often than twice.
    switch zone.resolve(local) {
    case .unique(let found): try hold(found == time, "\(local) is shown at \(time), but resolved as \(found)")
    case .overlap(let first, let second):
      try hold(first <= time && first < second, "\(local), at \(time), is resolved as \(first) and \(second)")
      try hold(zone.localTime(at: first) == local && zone.localTime(at: second) == local, "\(local) is not shown then")
    case .gap: throw BrokenProperty("\(local), shown at \(time), lies in a gap")
    }
  }
}
