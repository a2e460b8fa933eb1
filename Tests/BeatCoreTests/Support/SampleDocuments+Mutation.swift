extension SampleDocuments {
  /// The document with a few bytes changed, left out, doubled or added.
  static func mutated(_ text: String, with chance: inout SeededChance) -> [UInt8] {
    var bytes = Array(text.utf8)
    let interesting = Array(#"{}[],:"\u0e+-.INatrue()"#.utf8) + [0x09, 0x0A, 0x00, 0x1F, 0x7F, 0x20]
    for _ in 0..<chance.number(1...4) where !bytes.isEmpty {
      let place = chance.number(0...(bytes.count - 1))
      switch chance.number(0...3) {
      case 0: bytes[place] = chance.one(of: interesting)
      case 1: bytes.remove(at: place)
      case 2: bytes.insert(bytes[place], at: place)
      default: bytes.insert(chance.one(of: interesting), at: place)
      }
    }
    return bytes
  }
}
