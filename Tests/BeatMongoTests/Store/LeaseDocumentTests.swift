import BeatCore
import Testing

@testable import BeatMongo

/// What a daemon makes of the lease as it is stored, and of the heartbeat before.
@Suite struct LeaseDocumentTests {
  private func lease(until: BSON, holder: BSON = "a", epoch: BSON = .int64(7)) -> LeaseDocument {
    LeaseDocument(["_id": "lease", "holder": holder, "epoch": epoch, "until": until])
  }

  @Test func aTokenIsThatOfALeaseThatLasts() {
    #expect(lease(until: .int64(1001)).token(at: 1000) == "a:7")
    #expect(lease(until: .int64(1000)).token(at: 1000) == nil)
    #expect(lease(until: .int64(1000 + 3_600_000)).token(at: 1000) == "a:7")
    #expect(lease(until: .int64(1001 + 3_600_000)).token(at: 1000) == nil)
    #expect(lease(until: .int64(.max)).token(at: -5) == nil)
    #expect(lease(until: .int64(.min)).token(at: 1000) == nil)
  }

  @Test func whatNoDaemonWritesIsNoLease() {
    #expect(lease(until: "tomorrow").token(at: 1000) == nil)
    #expect(lease(until: .null).token(at: 1000) == nil)
    #expect(lease(until: .int64(2000), holder: 7).token(at: 1000) == nil)
    #expect(lease(until: .int64(2000), holder: "").token(at: 1000) == nil)
    #expect(lease(until: .int64(2000), epoch: "x").token(at: 1000) == nil)
    #expect(LeaseDocument([:]).token(at: 1000) == nil)
  }

  @Test func aFenceEndsWithTheLeaseOrASecond() {
    #expect(LeaseFence(lease(until: .int64(1300)), token: "a:7", now: 1000)?.limit == 1300)
    #expect(LeaseFence(lease(until: .int64(60_000)), token: "a:7", now: 1000)?.limit == 2000)
    #expect(LeaseFence(lease(until: .int64(60_000)), token: "a:6", now: 1000) == nil)
    #expect(LeaseFence(lease(until: .int64(60_000)), token: "b:7", now: 1000) == nil)
    #expect(LeaseFence(nil, token: "a:7", now: 1000) == nil)
    #expect(LeaseFence(nil, token: "", now: 1000)?.limit == 2000)
    #expect(LeaseFence(lease(until: .int64(60_000)), token: "", now: 1000)?.limit == 2000)
    #expect(LeaseFence(nil, token: "", now: .max) == nil)
  }

  @Test func anOccurrenceIsNeverEarlierThanItsLeadAllows() {
    #expect(LeaseFence.first(UnixTime(microseconds: 5000), lead: 2000) == 3)
    #expect(LeaseFence.first(UnixTime(microseconds: 5001), lead: 2000) == 4)
    #expect(LeaseFence.first(UnixTime(microseconds: 5000), lead: 0) == 5)
    #expect(LeaseFence.first(UnixTime(microseconds: -1), lead: 0) == 0)
    let fence = LeaseFence(nil, token: "", now: 4)
    #expect(fence?.isEarly(UnixTime(microseconds: 4000), lead: 0) == false)
    #expect(fence?.isEarly(UnixTime(microseconds: 4001), lead: 0) == true)
  }

  @Test func aHeartbeatTellsAYoungOneBefore() {
    func previous(_ before: BSON, at: BSON) -> Int64? {
      HeartbeatDocument(["before": before, "beforeAt": at, "at": .int64(100_000)])?.previous
    }
    #expect(previous(.int64(4), at: .int64(99_000)) == 4)
    #expect(previous(.int64(4), at: .int64(90_001)) == 4)
    #expect(previous(.int64(4), at: .int64(90_000)) == nil)
    #expect(previous(.int64(4), at: .int64(109_999)) == 4)
    #expect(previous(.int64(4), at: .int64(.min)) == nil)
    #expect(previous(.null, at: .int64(99_000)) == nil)
    #expect(previous(.int64(4), at: .null) == nil)
    #expect(HeartbeatDocument(["before": .int64(4)]) == nil)
  }
}
