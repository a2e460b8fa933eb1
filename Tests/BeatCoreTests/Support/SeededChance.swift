@testable import BeatCore

/// A seeded random number generator (SplitMix64), which gives the same numbers in each run.
struct SeededChance: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  mutating func one<Element>(of elements: [Element]) -> Element {
    elements[Int.random(in: elements.indices, using: &self)]
  }

  /// True once in `number` times on average.
  mutating func once(in number: Int) -> Bool { self.number(1...number) == 1 }

  mutating func time(from: Int64, to: Int64) -> UnixTime {
    UnixTime(microseconds: Int64.random(in: from * 1_000_000...to * 1_000_000, using: &self))
  }
}
