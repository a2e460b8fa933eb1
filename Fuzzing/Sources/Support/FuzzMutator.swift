/// Changes seeds at random, the same in each run. The tests use it as a small replacement for the fuzzer; it knows no
/// coverage.
struct FuzzMutator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A seed of the target with some bytes changed, words inserted, or the half of another seed.
  mutating func input(of target: FuzzTarget, from seeds: [[UInt8]]) -> [UInt8] {
    guard !seeds.isEmpty else { return [] }
    var bytes = seeds[number(below: seeds.count)]
    for _ in 0..<(1 + number(below: 6)) {
      let place = number(below: bytes.count + 1)
      switch number(below: 8) {
      case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(number(below: 8))
      case 1 where place < bytes.count: bytes[place] = UInt8(number(below: 256))
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + number(below: 8)))
      case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + number(below: 16))], at: place)
      case 4: bytes.insert(UInt8(number(below: 128)), at: place)
      case 5:
        let other = seeds[number(below: seeds.count)]
        bytes = Array(bytes[..<place]) + other[number(below: other.count + 1)...]
      case 6: bytes.insert(contentsOf: "\(Int64(bitPattern: next()) >> Int64(number(below: 64)))".utf8, at: place)
      default:
        guard !target.words.isEmpty else { break }
        bytes.insert(contentsOf: target.words[number(below: target.words.count)].utf8, at: place)
      }
    }
    return bytes
  }

  private mutating func number(below count: Int) -> Int { Int(next() % UInt64(max(1, count))) }

  /// The next number of SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
