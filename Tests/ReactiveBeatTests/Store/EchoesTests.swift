import Testing

@testable import BeatCore
@testable import ReactiveBeat

@Suite("Echoes: each fire accounts for one setrange, and not one more")
struct EchoesTests {
  private let a = EntryName("a")
  private let b = EntryName("b")

  private func takes(_ echoes: inout Echoes, _ names: EntryName...) -> [Bool] { names.map { echoes.take($0) } }

  @Test func eachFireAccountsForOne() {
    var echoes = Echoes()
    echoes.expect(a)
    echoes.expect(a)
    #expect(takes(&echoes, b, a, a, a) == [false, true, true, false])
  }

  @Test func aFireThatDidNotWriteTellsOfAnEventThatWasNotItsOwn() {
    var echoes = Echoes()
    echoes.expect(a)
    let (first, second) = (echoes.cancel(a), echoes.cancel(a))
    #expect(first && !second)
    #expect(takes(&echoes, a) == [false])
  }

  /// Two heartbeats later it would have come.
  @Test func whatDoesNotComeIsNotWaitedFor() {
    var echoes = Echoes()
    echoes.expect(a)
    echoes.heartbeat()
    #expect(takes(&echoes, a) == [true])
    echoes.expect(a)
    echoes.heartbeat()
    echoes.expect(b)
    echoes.heartbeat()
    #expect(takes(&echoes, a, b) == [false, true])
  }

  @Test func anotherConnectionBeginsAnew() {
    var echoes = Echoes()
    echoes.expect(a)
    echoes.removeAll()
    #expect(takes(&echoes, a) == [false])
  }
}
