import Testing

@testable import BeatCore

@Suite("OutboxMessage: a waiting message is found in its bytes, in the neutral form and in that of version 0.1")
struct OutboxMessageTests {
  private static let id = "5f8bd2a1-8f0c-5d5e-9f3a-0c1d2e3f4a5b"
  private static let reply = "db655678-c42b-3e77-b0aa-787848ae062e"
  private static let headers = #"{"lang": "py", "n" : [1, {"a": NaN}], "n": "☃", "\u0061": 1e400, "stamps": {}}"#
  private static let body = #"[[2,  "é"], {"b": {}}, {"callbacks": null}]"#

  private static func neutral(
    _ headers: String = headers, expiration: String = #", "expiration": "1500""#, priority: String = "-3",
    body: String = body
  ) -> String {
    #"{"headers": \#(headers), "properties": {"correlation_id": "\#(id)", "reply_to": "\#(reply)", "delivery_mode": 2"#
      + #"\#(expiration), "priority": \#(priority)}, "body": \#(body)}"#
  }

  private static func kombu(
    _ headers: String = headers, expiration: String = #", "expiration": "1500""#, body: String = body
  ) -> String {
    #"{"body": "\#(Base64.encode(Array(body.utf8)))", "content-encoding": "utf-8", "content-type": "application/json", "#
      + #""headers": \#(headers), "properties": {"correlation_id": "\#(id)", "reply_to": "\#(reply)", "#
      + #""delivery_mode": 2\#(expiration), "delivery_info": {"exchange": "", "routing_key": "q\u00e9"}, "#
      + #""priority": -3, "body_encoding": "base64", "delivery_tag": "\#(id)"}}"#
  }

  private static func read(_ text: String) -> OutboxMessage? { OutboxMessage(Array(text.utf8)) }

  @Test(arguments: [(neutral(), OutboxMessage.Form.neutral), (kombu(), .kombu)])
  func itsPartsStandAsTheyWereWritten(_ text: String, _ form: OutboxMessage.Form) throws {
    let message = try #require(Self.read(text))
    #expect(message.form == form)
    #expect(message.bytes == Array(text.utf8))
    #expect(String(Array(message.headerObject)) == Self.headers)
    let headers = message.headers.map { "\(String(Array($0.key)))=\(String(Array($0.value)))" }
    #expect(
      headers == [#""lang"="py""#, #""n"=[1, {"a": NaN}]"#, #""n"="☃""#, #""\u0061"=1e400"#, #""stamps"={}"#])
    #expect(String(Array(message.body)) == Self.body)
    #expect(message.correlationID == Self.id && message.replyTo == Self.reply)
    #expect(message.deliveryMode == 2 && message.expiration == 1500 && message.priority == -3)
  }

  @Test func aMessageMayBeOfUseForEver() throws {
    for text in [Self.neutral(expiration: ""), Self.kombu(expiration: "")] {
      #expect(try #require(Self.read(text)).expiration == nil)
    }
    #expect(Self.read(Self.neutral(priority: "\(Int64.min)"))?.priority == .min)
  }

  @Test func headersMayBeMissing() throws {
    let message = try #require(Self.read(Self.neutral("{}")))
    #expect(message.headers.isEmpty)
  }

  /// Arguments may be nested as deep as a document's, and no deeper than the reader's stack bears.
  @Test func depthIsBounded() throws {
    func nested(_ levels: Int) -> String {
      String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    }
    let most = Limit.documentDepth.most
    #expect(throws: Never.self) { try DocumentLayout(Array(#"{"args": \#(nested(most - 1))}"#.utf8)) }
    for (levels, isRead) in [(most - 1, true), (most + 1, false), (100_000, false)] {
      let body = "[\(nested(levels)), {}, {}]"
      #expect((Self.read(Self.neutral(body: body)) != nil) == isRead)
      #expect((Self.read(Self.kombu(body: body)) != nil) == isRead)
    }
    #expect(Self.read(Self.neutral(#"{"a": \#(nested(100_000))}"#)) == nil)
  }

  @Test(arguments: [
    "", "{", "[]", "null", "hello", neutral() + " ", " " + neutral(), neutral() + neutral(), kombu() + "\n",
    // A worker dies of a body that does not have three parts, and of headers that are no object.
    neutral("[]"), neutral("ISODate(\"\")"), neutral(#"{"a": ObjectId("5f8b")}"#), neutral("null"),
    neutral(body: "[[], {}]"), neutral(body: "[[], {}, {}, {}]"), neutral(body: "[{}, [], {}]"), neutral(body: "{}"),
    neutral(body: "[]"), neutral(body: #"[[ISODate("")], {}, {}]"#), neutral(body: "[[1,], {}, {}]"),
    kombu(body: "[[], {}]"), kombu(body: "[[], {}, {}] "), kombu(body: ""), kombu(body: #"[[], {}, Date("")]"#),
    // Numbers have one form only.
    neutral(priority: "+3"), neutral(priority: "03"), neutral(priority: "-0"), neutral(priority: "3.0"),
    neutral(priority: "9223372036854775808"), neutral(priority: "-"), neutral(priority: ""), neutral(priority: "null"),
    neutral(priority: String(repeating: "1", count: 100)),
    neutral(expiration: #", "expiration": 1500"#), neutral(expiration: #", "expiration": "1500"#),
    neutral(expiration: #", "expiration": "1.5""#), neutral(expiration: #", "priority": 1"#),
    neutral().replacing(id, with: #"a\nb"#), neutral().replacing(id, with: "é"), neutral().replacing(id, with: "\n"),
    kombu().replacing("base64", with: "utf-8"), kombu().replacing("application/json", with: "application/x-yaml"),
    kombu().replacing(#"{"body": ""#, with: #"{"body": "!"#), kombu().replacing(#"{"exchange""#, with: "{exchange"),
  ])
  func whatNoDaemonWroteIsNone(_ text: String) { #expect(Self.read(text) == nil) }

  @Test(arguments: [neutral(), kombu()]) func everyCutIsNoneAndEveryBrokenByteIsHarmless(_ text: String) {
    let bytes = Array(text.utf8)
    for end in bytes.indices { #expect(OutboxMessage(Array(bytes[..<end])) == nil) }
    for index in bytes.indices {
      for byte in [0x00, 0x22, 0x2C, 0x5C, 0x7B, 0x7D, 0x80, 0xFF] as [UInt8] where bytes[index] != byte {
        var broken = bytes
        broken[index] = byte
        guard let message = OutboxMessage(broken) else { continue }
        #expect(message.bytes == broken)
        #expect(String(validating: message.headerObject, as: UTF8.self) != nil)
        #expect(String(validating: message.body, as: UTF8.self) != nil)
      }
    }
  }
}
