import Testing

@testable import BeatCore
@testable import BeatRedis

@Suite("JSONWriter: what does not fit is written again with more room")
struct JSONWriterTests {
  @Test(arguments: [0, 1, 2, 7, 100, 10_000]) func anyRoom(_ room: Int) {
    let bytes = JSONWriter.bytes(room: room) { json in
      json.append(key: "a", isFirst: true)
      json.append(json: "plain")
      json.append(key: "b", isFirst: false)
      json.append(json: "\"☃")
      json.append(literal: ", ")
      json.append(9)
      json.append(-12)
      json.append(base64: [0, 255])
      json.append(Array("end".utf8)[...])
    }
    #expect(String(bytes) == #"{"a": "plain", "b": "\"\u2603", 9-12AP8=end"#)
  }

  @Test func texts() {
    var json = RandomJSON(seed: 3)
    for _ in 0..<2_000 {
      let text = json.string()
      #expect(String(JSONWriter.bytes(room: 4) { $0.append(json: text) }) == JSONText.string(text))
    }
  }
}
