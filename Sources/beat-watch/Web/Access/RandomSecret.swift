/// A secret that nobody can guess: 32 bytes of the system's random numbers (getrandom), in hexadecimal.
enum RandomSecret {
  static func make() -> String {
    var system = SystemRandomNumberGenerator()
    return (0..<4).map { _ in
      let digits = String(system.next() as UInt64, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
