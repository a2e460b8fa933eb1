import Testing

@testable import BeatCore

@Suite struct FirstInFirstOutTests {
  @Test("is first in, first out through growth and wrapping")
  func order() {
    var queue = FirstInFirstOut<Int>()
    var taken: [Int] = []
    var next = 0
    func add(_ count: Int) {
      for _ in 0..<count {
        queue.append(next)
        next += 1
      }
    }
    func take(_ count: Int) { for _ in 0..<count { taken += [queue.removeFirst()].compactMap(\.self) } }
    take(1)
    add(10)
    take(7)
    add(20)
    take(1)
    add(100)
    #expect(queue.count == 122)
    take(60)
    taken += queue.removeAll()
    #expect(taken == Array(0..<130))
    #expect(queue.isEmpty)
    #expect(queue.removeFirst() == nil)
  }
}
