/// Takes an input apart: numbers from its beginning, each from as many bytes as are left, and the rest.
struct FuzzInput {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  /// The next eight bytes as a little-endian number.
  mutating func integer() -> Int64 {
    let bytes = rest.prefix(8)
    rest = rest.dropFirst(8)
    return Int64(bitPattern: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  /// A number in 0 ..< count.
  mutating func number(below count: Int) -> Int {
    Int((UInt(byte()) << 8 | UInt(byte())) % UInt(max(1, count)))
  }

  /// The bytes up to the next newline.
  mutating func line() -> [UInt8] {
    let line = rest.prefix { $0 != 0x0A }
    rest = rest.dropFirst(line.count + 1)
    return Array(line)
  }

  /// The same number for the same bytes (FNV-1a). It is the chance in a target, and changes when the input is mutated.
  static func digest(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
