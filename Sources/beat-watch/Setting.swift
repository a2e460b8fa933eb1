import ArgumentParser
import Glibc

/// A setting's value, and the option or variable that gave it, for the error's text.
struct Setting {
  let value: String
  private let source: String

  /// The option if it was given, else the environment's variable if it is not empty, else the default.
  init(_ option: String, _ given: String?, _ variable: String, default: String) throws {
    if let given {
      (value, source) = (given, option)
    } else if let set = getenv(variable).map({ String(cString: $0) }), !set.isEmpty {
      (value, source) = (set, variable)
    } else {
      (value, source) = (`default`, option)
    }
    guard !value.isEmpty else { throw ValidationError("\(source): is empty") }
  }

  /// The value as seconds within a range, to the microsecond.
  func seconds(_ range: ClosedRange<Double>) throws -> Duration {
    try checked { text in
      guard let seconds = Double(text), range.contains(seconds) else {
        throw ValidationError("expected seconds, \(Int(range.lowerBound)) to \(Int(range.upperBound))")
      }
      return .microseconds(Int64(seconds * 1_000_000))
    }
  }

  /// A setting without a default: the option if it was given, else the environment's variable if it is not empty.
  static func optional(_ given: String?, _ variable: String) -> String? {
    given ?? getenv(variable).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Throws one line that names the option or variable and what is wrong with it.
  func checked<T>(_ convert: (String) throws -> T) throws -> T {
    do { return try convert(value) } catch { throw ValidationError("\(source): \(error)") }
  }
}
