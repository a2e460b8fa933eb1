import Testing

@testable import BeatCore

@Suite("Watermark: what the store remembers beside the document")
struct WatermarkTests {
  private let id = TaskID(text: "2ed6657d-e927-568b-95e1-2665a8aea6a2")

  @Test func isStoredAsText() {
    let fired = Watermark(due: UnixTime(microseconds: 1_772_452_800_000_001), taskID: id, totalRunCount: 17)
    #expect(String(fired.bytes) == "00001772452800000001|2ed6657d-e927-568b-95e1-2665a8aea6a2|17")
    let seen = Watermark(due: UnixTime(microseconds: 0), taskID: nil, totalRunCount: 0)
    #expect(String(seen.bytes) == "00000000000000000000||0")
  }

  @Test func isReadBack() {
    for due: Int64 in [0, 1, 1_772_452_800_000_001, UnixTime.latest.microseconds, .max] {
      for taskID in [nil, id] {
        for count: Int64 in [0, 1, .max] {
          let watermark = Watermark(due: UnixTime(microseconds: due), taskID: taskID, totalRunCount: count)
          #expect(Watermark(watermark.bytes) == watermark)
        }
      }
    }
  }

  /// The scripts compare the first 20 bytes as text, since Lua's numbers are exact below 2^53 only.
  @Test func watermarksSortAsTheirTimes() {
    let times: [Int64] = [0, 9, 10, 999_999, 1_000_000, 1 << 53, 1 << 53 + 1, UnixTime.latest.microseconds, .max]
    let texts = times.map { Watermark.digits(UnixTime(microseconds: $0)) }
    #expect(texts.allSatisfy { $0.utf8.count == 20 })
    #expect(texts == texts.sorted())
    #expect(Set(texts).count == texts.count)
  }

  @Test func nothingIsDueBefore1970() {
    #expect(Watermark.digits(UnixTime(microseconds: -1)) == "00000000000000000000")
    #expect(Watermark.digits(.earliest) == "00000000000000000000")
  }

  /// Another program's field is no watermark, and a damaged one is none either.
  @Test(arguments: [
    "", "|", "||", "1||0", "0000177245280000000||0", "000001772452800000001||0", "-0001772452800000001||0",
    "+0001772452800000001||0", "0000177245280000000x||0", "00001772452800000001||-1", "00001772452800000001||",
    "00001772452800000001||x", "00001772452800000001||+1", "00001772452800000001|id", "00001772452800000001|id|1|2",
    "99999999999999999999||0",
  ])
  func otherTextsAreNoWatermarks(_ text: String) { #expect(Watermark(Array(text.utf8)) == nil) }

  @Test func bytesThatAreNoTextAreNoWatermark() {
    #expect(Watermark(Array("00001772452800000001|".utf8) + [0xFF] + Array("|1".utf8)) == nil)
  }
}
