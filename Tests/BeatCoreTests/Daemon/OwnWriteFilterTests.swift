import Testing

@testable import BeatCore
@testable import BeatDriver

@Suite("Each fire accounts for one write in place, and not one more")
struct OwnWriteFilterTests {
  private let a = EntryName("a")
  private let b = EntryName("b")

  private func takes(_ filter: inout OwnWriteFilter, _ names: EntryName...) -> [Bool] { names.map { filter.take($0) } }

  @Test func eachFireAccountsForOne() {
    var filter = OwnWriteFilter()
    filter.expect(a)
    filter.expect(a)
    #expect(takes(&filter, b, a, a, a) == [false, true, true, false])
  }

  @Test func aFireThatDidNotWriteTellsOfAnEventThatWasNotItsOwn() {
    var filter = OwnWriteFilter()
    filter.expect(a)
    let (first, second) = (filter.cancel(a), filter.cancel(a))
    #expect(first && !second)
    #expect(takes(&filter, a) == [false])
  }

  /// By the second heartbeat the event of the write would have come.
  @Test func whatDoesNotComeIsNotWaitedFor() {
    var filter = OwnWriteFilter()
    filter.expect(a)
    filter.heartbeat()
    #expect(takes(&filter, a) == [true])
    filter.expect(a)
    filter.heartbeat()
    filter.expect(b)
    filter.heartbeat()
    #expect(takes(&filter, a, b) == [false, true])
  }

  @Test func anotherConnectionBeginsAnew() {
    var filter = OwnWriteFilter()
    filter.expect(a)
    filter.removeAll()
    #expect(takes(&filter, a) == [false])
  }
}
