import Testing

@testable import BeatCore

@Suite struct NameIndexTests {
  /// After any additions and removals it finds what a dictionary finds.
  @Test(arguments: [3, 20, 300]) func asADictionary(_ range: Int) {
    var random = SystemRandomNumberGenerator()
    var index = NameIndex()
    var known: [EntryName: DueHeap.Handle] = [:]
    var names: [EntryName?] = []
    for step in 0..<20_000 {
      let name = EntryName("entry \(Int.random(in: 0..<range, using: &random))")
      if Bool.random(using: &random) {
        guard known[name] == nil else { continue }
        known[name] = names.count
        names.append(name)
        index.insert(name, names.count - 1)
      } else {
        #expect(index.remove(name) { names[$0] } == known.removeValue(forKey: name))
      }
      if step % 500 == 0 {
        for number in 0..<range {
          let name = EntryName("entry \(number)")
          #expect(index.find(name) { names[$0] } == known[name])
        }
      }
      #expect(index.count == known.count)
    }
  }

  @Test func packedTimes() {
    for time in [nil, UnixTime(microseconds: 0), .earliest, .latest, UnixTime(microseconds: -1)] {
      @PackedTime var packed: UnixTime? = time
      #expect(packed == time)
      packed = nil
      #expect(packed == nil)
      packed = time
      #expect(packed == time)
    }
  }
}
