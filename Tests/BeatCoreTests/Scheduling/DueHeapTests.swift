import Testing

@testable import BeatCore

@Suite("DueHeap: the earliest is on top, and each schedule is in it once")
struct DueHeapTests {
  private func at(_ seconds: Int64) -> UnixTime { UnixTime(seconds: seconds) }

  /// The handles in the order in which they come to the top.
  private func drained(_ heap: DueHeap) -> [Int] {
    var heap = heap
    var handles: [Int] = []
    while let top = heap.top {
      handles.append(top.handle)
      heap.remove(top.handle)
    }
    return handles
  }

  @Test func theEarliestIsOnTop() {
    var heap = DueHeap()
    for (handle, due) in [30, 10, 20].enumerated() { heap.set(handle, due: at(Int64(due))) }
    #expect(heap.top?.handle == 1)
    #expect(heap.top?.due == at(10))
    #expect(drained(heap) == [1, 2, 0])
  }

  @Test func dueAtOnceTheyComeInTheOrderOfTheirHandles() {
    for seed: UInt64 in 0..<20 {
      var chance = SeededChance(seed: seed)
      var heap = DueHeap()
      for handle in Array(0..<50).shuffled(using: &chance) { heap.set(handle, due: at(5)) }
      #expect(drained(heap) == Array(0..<50))
    }
  }

  @Test func settingAgainMoves() {
    var heap = DueHeap()
    for handle in 0..<5 { heap.set(handle, due: at(Int64(handle))) }
    heap.set(0, due: at(10))
    heap.set(4, due: at(-1))
    #expect(heap.count == 5)
    #expect(drained(heap) == [4, 1, 2, 3, 0])
    #expect(heap.due(of: 0) == at(10))
  }

  @Test func whatIsNotInItIsNoTrouble() {
    var heap = DueHeap()
    #expect(heap.top == nil)
    heap.remove(3)
    heap.set(2, due: at(1))
    heap.remove(3)
    heap.remove(0)
    heap.remove(-1)
    #expect(heap.due(of: 0) == nil && heap.due(of: 3) == nil && heap.due(of: -1) == nil)
    heap.remove(2)
    heap.remove(2)
    #expect(heap.count == 0 && heap.top == nil && heap.invariantsHold)
  }

  /// The heap is compared with a list that is sorted after each change.
  @Test(arguments: 0..<12) func isASortedListInDisguise(seed: Int) {
    var chance = SeededChance(seed: UInt64(seed))
    var heap = DueHeap()
    var model: [Int: UnixTime] = [:]
    for _ in 0..<1_500 {
      let handle = chance.number(0...60)
      if chance.once(in: 3) {
        heap.remove(handle)
        model[handle] = nil
      } else {
        // There are few different times, so that equal ones are frequent, and sometimes the earliest and the latest
        // possible time.
        let due = chance.once(in: 20) ? chance.one(of: [.earliest, .latest]) : at(Int64(chance.number(0...20)))
        heap.set(handle, due: due)
        model[handle] = due
      }
      #expect(heap.invariantsHold)
      let first = model.min { ($0.value, $0.key) < ($1.value, $1.key) }
      #expect(heap.top?.handle == first?.key && heap.top?.due == first?.value)
      #expect(heap.count == model.count)
      #expect(heap.due(of: handle) == model[handle])
    }
    #expect(drained(heap) == model.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key))
  }
}
