import Synchronization

/// Replies with random faults from a seed: of another type, with other numbers, one too many, of another request, or
/// outside of the protocol.
final class Liar: Sendable {
  private struct State {
    var random: SplitMix
    var previous: [UInt8] = []
  }
  private let state: Mutex<State>
  private let rate: Int

  /// - Parameter rate: one of so many replies is changed.
  init(seed: UInt64, rate: Int) {
    state = Mutex(State(random: SplitMix(state: seed)))
    self.rate = rate
  }

  func reply(to words: [[UInt8]], _ truth: [UInt8]) -> [UInt8] {
    state.withLock { state in
      let previous = state.previous
      state.previous = truth
      guard Int.random(in: 0..<rate, using: &state.random) == 0 else { return truth }
      switch Int.random(in: 0..<8, using: &state.random) {
      case 0: return Self.value(0, &state.random)
      case 1: return previous.isEmpty ? truth : previous
      case 2: return truth + Self.value(0, &state.random)
      case 3, 4: return Self.withOtherElements(truth, &state.random)
      case 5: return Self.withOtherNumbers(truth, &state.random)
      case 6: return Self.withOtherBytes(truth, &state.random)
      default: return Self.error(&state.random)
      }
    }
  }

  private static let numbers: [String] = [
    "0", "-1", "1", "9223372036854775807", "-9223372036854775808", "1000000000000000000", "253402300800",
    "18446744073709551615",
  ]
  private static let texts: [String] = [
    "", "OK", "0", "ALREADY", "ALREADY_MINE", "GONE", "CHANGED", "FENCED", "EARLY", "FULL", "BADQUEUE", "ERR", "x",
    "\u{0}\n\r",
  ]
  private static let errors: [String] = [
    "ERR x", "NOSCRIPT", "LOADING", "READONLY", "MOVED 1 h:1", "NOPERM", "WRONGTYPE", "OOM", "BUSY", "", "NOAUTH",
  ]

  private static func pick(_ list: [String], _ random: inout SplitMix) -> String {
    list.randomElement(using: &random) ?? ""
  }

  private static func error(_ random: inout SplitMix) -> [UInt8] { Array("-\(pick(errors, &random))\r\n".utf8) }

  /// A reply of any type and shape.
  private static func value(_ depth: Int, _ random: inout SplitMix) -> [UInt8] {
    switch Int.random(in: 0..<(depth < 4 ? 11 : 7), using: &random) {
    case 0: return Array(":\(pick(numbers, &random).prefix(19))\r\n".utf8)
    case 1: return Array(RESP.bulk(pick(numbers, &random)).utf8)
    case 2: return Array(RESP.bulk(pick(texts, &random)).utf8)
    case 3: return Array("$-1\r\n".utf8)
    case 4: return error(&random)
    case 5: return Array(pick(["_\r\n", "#t\r\n", ",1e308\r\n", "*-1\r\n", "+OK\r\n"], &random).utf8)
    case 6: return Array(RESP.bulk(String(repeating: "9", count: Int.random(in: 0..<5_000, using: &random))).utf8)
    default:
      let kind = pick(["*", "*", "*", "%", "~", ">"], &random)
      let count = Int.random(in: 0..<9, using: &random)
      var bytes = Array("\(kind)\(count)\r\n".utf8)
      for _ in 0..<(kind == "%" ? 2 * count : count) { bytes += value(depth + 1, &random) }
      return bytes
    }
  }

  /// The same array with some elements replaced.
  private static func withOtherElements(_ truth: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    guard truth.first == UInt8(ascii: "*"), let head = truth.firstIndex(of: 10) else { return value(0, &random) }
    var bytes = Array(truth[...head])
    var position = head + 1
    while position < truth.count, let end = Wire.end(of: truth, from: position) {
      bytes += Int.random(in: 0..<3, using: &random) == 0 ? value(1, &random) : Array(truth[position..<end])
      position = end
    }
    return bytes
  }

  private static func withOtherNumbers(_ truth: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    guard truth.first == UInt8(ascii: ":") else { return withOtherBytes(truth, &random) }
    return Array(":\(pick(numbers, &random))\r\n".utf8)
  }

  private static func withOtherBytes(_ truth: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = truth
    for _ in 0..<Int.random(in: 1..<4, using: &random) {
      bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
    }
    return bytes
  }
}

/// A random number generator that gives the same numbers for the same seed (SplitMix64, by Sebastiano Vigna, who has
/// put it into the public domain).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
