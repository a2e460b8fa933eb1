/// A part of the program that reads bytes from outside, and what must hold whatever the bytes are.
///
/// The same targets are fuzzed by scripts/fuzz and, with a few mutations, run by the tests.
struct FuzzTarget: Sendable {
  let name: String
  /// The inputs to begin with.
  let seeds: @Sendable () -> [[UInt8]]
  /// The words of the format, which mutations insert.
  let words: [String]
  /// Throws a `BrokenProperty`. An input that traps or does not end is found as well.
  let check: @Sendable ([UInt8]) throws -> Void

  init(
    _ name: String, words: [String] = [], seeds: @escaping @Sendable () -> [[UInt8]],
    check: @escaping @Sendable ([UInt8]) throws -> Void
  ) {
    self.name = name
    self.seeds = seeds
    self.words = words
    self.check = check
  }
}

/// A property that must hold does not.
struct BrokenProperty: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

func hold(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  guard !condition else { return }
  throw BrokenProperty(what())
}

/// Holds that a text for users is safe: text from outside can forge no line, hide nothing in one, and not fill the log.
func holdOneLine(_ text: String, upTo length: Int = 1_000) throws {
  try hold(text.utf8.count <= length, "\(text.utf8.count) bytes in a message: \(text.prefix(200))")
  for scalar in text.unicodeScalars where scalar.value < 0x20 || scalar.value >= 0x7F {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      throw BrokenProperty("U+\(String(scalar.value, radix: 16)) in the message \(text.debugDescription)")
    default: break
    }
  }
}

extension FuzzTarget {
  /// Checks the seeds and `count` mutations of them, the same in each run. Throws with the input that broke a property.
  func checkMutations(_ count: Int, seed: UInt64 = 1) throws {
    let seeds = seeds()
    for input in seeds { try checkNaming(input) }
    var mutator = FuzzMutator(seed: seed)
    for _ in 0..<count { try checkNaming(mutator.input(of: self, from: seeds)) }
  }

  private func checkNaming(_ input: [UInt8]) throws {
    do { try check(input) } catch {
      throw BrokenProperty(
        "\(name): \(error); the input is \(String(decoding: input, as: UTF8.self).debugDescription), \(input)")
    }
  }
}
