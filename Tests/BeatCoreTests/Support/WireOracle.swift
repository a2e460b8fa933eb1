@testable import BeatCore

/// Asks Python, Celery and kombu themselves what they make of a value.
enum WireOracle {
  /// The answers of `Messages/Oracles/wire_oracle.py`, one for each request. Needs Celery 5.7 in the test environment.
  static func ask(_ requests: [String]) throws -> [String] {
    try TimeTesting.ask("../../Messages/Oracles/wire_oracle.py", python: TimeTesting.celeryPython, requests: requests)
  }

  /// A request about some bytes, such as `{"loads": "7b7d"}`.
  static func request(_ question: String, _ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    let hex = String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    return #"{"\#(question)": "\#(hex)"}"#
  }
}
