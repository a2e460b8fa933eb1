/// One kind of local time: its distance from UTC, and what it is called.
struct LocalTimeType: Hashable, Sendable {
  /// Seconds east of UTC.
  var utcOffset: Int64
  var isDST: Bool
  var abbreviation: String
}

/// The content of a TZif file (RFC 9636): versions 1 to 4.
///
/// From version 2 on only the 64-bit block counts; the 32-bit block before it is stepped over. Every offset and count
/// is checked, so a damaged file is an error.
struct ZoneFile: Hashable, Sendable {
  /// Seconds since the epoch, ascending.
  var transitionTimes: [Int64] = []
  /// For each transition the index in `types` of what begins there.
  var transitionTypes: [UInt8] = []
  /// Never empty; the first is in force before the first transition.
  var types: [LocalTimeType]
  /// The rule after the last transition; nil if the file gives none.
  var footer: ZoneFooter?

  /// Real files hold a few kilobytes.
  static let maximumSize = 262_144
  /// The limit of the reference implementation (TZ_MAX_TIMES of tzcode). Real files hold up to 250.
  static let maximumTransitions = 2_000
  /// Largest distance from UTC accepted, in seconds: just below 26 hours, the limit RFC 9636 gives.
  static let maximumOffset: Int64 = 93_599

  init(utcOnly name: String) {
    types = [LocalTimeType(utcOffset: 0, isDST: false, abbreviation: name)]
  }

  /// Throws the reason as text; the caller knows the zone's name.
  init(bytes: [UInt8]) throws(ZoneFileFault) {
    guard bytes.count <= Self.maximumSize else {
      throw ZoneFileFault(
        "\(Plural.of(bytes.count, "byte is", "bytes are")) no zone file; \(Self.maximumSize) is the limit")
    }
    var reader = ByteReader(bytes: bytes)
    var header = try ZoneFileHeader(&reader)
    var timeSize = 4
    if header.version >= 2 {
      try reader.skip(header.dataSize(timeSize: 4))
      header = try ZoneFileHeader(&reader)
      timeSize = 8
    }
    guard header.leapCount == 0 else {
      throw ZoneFileFault("it counts leap seconds, which Unix time does not; use the file outside of \"right/\"")
    }
    guard header.timeCount <= Self.maximumTransitions else {
      throw ZoneFileFault("\(header.timeCount) transitions; \(Self.maximumTransitions) is the limit")
    }
    guard (1...256).contains(header.typeCount), header.characterCount > 0,
      [0, header.typeCount].contains(header.standardCount), [0, header.typeCount].contains(header.utCount)
    else { throw ZoneFileFault("its header contradicts itself") }

    transitionTimes.reserveCapacity(header.timeCount)
    for _ in 0..<header.timeCount {
      let time = timeSize == 8 ? Int64(bitPattern: try reader.integer(8)) : try reader.signed32()
      if let last = transitionTimes.last, time <= last {
        throw ZoneFileFault("its transitions are not in ascending order")
      }
      transitionTimes.append(time)
    }
    transitionTypes = Array(try reader.take(header.timeCount))
    guard transitionTypes.allSatisfy({ Int($0) < header.typeCount }) else {
      throw ZoneFileFault("a transition names a local time type that is not there")
    }
    var raw: [(offset: Int64, isDST: UInt8, designation: Int)] = []
    for _ in 0..<header.typeCount {
      raw.append((try reader.signed32(), UInt8(try reader.integer(1)), Int(try reader.integer(1))))
    }
    let characters = Array(try reader.take(header.characterCount))
    types = []
    for type in raw {
      guard abs(type.offset) <= Self.maximumOffset, type.isDST <= 1, type.designation < characters.count,
        let end = characters[type.designation...].firstIndex(of: 0)
      else { throw ZoneFileFault("a local time type is out of range") }
      let name = String(decoding: characters[type.designation..<end], as: UTF8.self)
      types.append(LocalTimeType(utcOffset: type.offset, isDST: type.isDST == 1, abbreviation: name))
    }
    try reader.skip(header.standardCount)
    try reader.skip(header.utCount)
    if timeSize == 8 {
      let line = try reader.footerLine()
      footer = line.isEmpty ? nil : try ZoneFooter(line)
    }
  }
}

/// What is wrong with a zone file.
struct ZoneFileFault: Error {
  let message: String

  init(_ message: String) {
    self.message = message
  }
}

private struct ZoneFileHeader {
  var version: Int
  var utCount, standardCount, leapCount, timeCount, typeCount, characterCount: Int

  init(_ reader: inout ByteReader) throws(ZoneFileFault) {
    guard reader.remaining >= 44, try Array(reader.take(4)) == [0x54, 0x5A, 0x69, 0x66] else {
      throw ZoneFileFault("it is not a TZif file (or cut short)")
    }
    switch try reader.integer(1) {
    case 0: version = 1
    case let digit where (0x32...0x39).contains(digit): version = Int(digit) - 0x30
    default: throw ZoneFileFault("its TZif version is unknown")
    }
    try reader.skip(15)
    utCount = Int(try reader.integer(4))
    standardCount = Int(try reader.integer(4))
    leapCount = Int(try reader.integer(4))
    timeCount = Int(try reader.integer(4))
    typeCount = Int(try reader.integer(4))
    characterCount = Int(try reader.integer(4))
  }

  /// Bytes after the header; the counts are below 2^32, so the sum cannot overflow.
  func dataSize(timeSize: Int) -> Int {
    timeCount * (timeSize + 1) + typeCount * 6 + characterCount + leapCount * (timeSize + 4) + standardCount + utCount
  }
}

private struct ByteReader {
  private var rest: ArraySlice<UInt8>

  init(bytes: [UInt8]) {
    rest = bytes[...]
  }

  var remaining: Int { rest.count }

  mutating func take(_ count: Int) throws(ZoneFileFault) -> ArraySlice<UInt8> {
    guard count <= rest.count else { throw ZoneFileFault("it is cut short") }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func skip(_ count: Int) throws(ZoneFileFault) {
    _ = try take(count)
  }

  /// A big-endian number of up to eight bytes.
  mutating func integer(_ size: Int) throws(ZoneFileFault) -> UInt64 {
    var value: UInt64 = 0
    for byte in try take(size) { value = value << 8 | UInt64(byte) }
    return value
  }

  mutating func signed32() throws(ZoneFileFault) -> Int64 {
    Int64(Int32(truncatingIfNeeded: try integer(4)))
  }

  /// The line between two newlines that ends the file.
  mutating func footerLine() throws(ZoneFileFault) -> ArraySlice<UInt8> {
    guard try integer(1) == 0x0A, let end = rest.firstIndex(of: 0x0A) else {
      throw ZoneFileFault("its last line is missing (cut short?)")
    }
    return rest[rest.startIndex..<end]
  }
}
