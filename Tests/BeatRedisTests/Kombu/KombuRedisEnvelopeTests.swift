import BeatRedis
import Testing

@testable import BeatCore

@Suite("KombuRedisEnvelope: the bytes that Celery's own beat would push")
struct KombuRedisEnvelopeTests {
  private static let id = "11111111-2222-3333-4444-555555555555"
  private static let origin = "gen8603@vm"
  private static let replyTo = "db655678-c42b-3e77-b0aa-787848ae062e"

  /// The message of a document, sent at `now`.
  private func message(of document: String, now: UnixTime = Sample.noon) throws -> String {
    let layout = try DocumentLayout(Array(document.utf8))
    let definition = try ScheduleDocument(layout.bytes, context: Sample.context).definition
    let message = TaskMessage(
      task: definition.task, id: TaskID(text: Self.id), options: definition.options,
      route: Route(definition.options, defaultQueue: "celery"), layout: layout, origin: Self.origin,
      replyTo: Self.replyTo, now: now)
    return String(KombuRedisEnvelope().prepare(message).bytes)
  }

  private func message(_ fields: String = "") throws -> String { try message(of: Sample.document(fields)) }

  /// Stored by the beat of Celery 5.7.0; its delivery tag, a random UUID, is replaced by the task id.
  @Test func isCelerysToTheByte() throws {
    let celery =
      #"{"body": "W1syLCAyXSwge30sIHsiY2FsbGJhY2tzIjogbnVsbCwgImVycmJhY2tzIjogbnVsbCwgImNoYWluIjogbnVsbCwgImNob3JkIjog"#
      + #"bnVsbH1d", "content-encoding": "utf-8", "content-type": "application/json", "headers": {"lang": "py", "#
      + #""task": "proj.tasks.add", "id": "11111111-2222-3333-4444-555555555555", "shadow": null, "eta": null, "#
      + #""expires": null, "group": null, "group_index": null, "retries": 0, "timelimit": [null, null], "#
      + #""root_id": "11111111-2222-3333-4444-555555555555", "parent_id": null, "argsrepr": "[2, 2]", "kwargsrepr": "{}", "#
      + #""origin": "gen8603@vm", "ignore_result": null, "replaced_task_nesting": 0, "stamped_headers": null, "#
      + #""stamps": {}, "celery_beat_task": true}, "properties": {"correlation_id": "11111111-2222-3333-4444-555555555555", "#
      + #""reply_to": "db655678-c42b-3e77-b0aa-787848ae062e", "delivery_mode": 2, "#
      + #""delivery_info": {"exchange": "", "routing_key": "celery"}, "priority": 0, "body_encoding": "base64", "#
      + #""delivery_tag": "11111111-2222-3333-4444-555555555555"}}"#
    #expect(try message(#""args": [2, 2]"#) == celery)
  }

  /// As in Celery: the date as a header, and the milliseconds left as a property, a text, directly after the mode.
  @Test func expiresStandsThereTwice() throws {
    let message = try message(#""expires": 3600"#)
    #expect(message.contains(#""eta": null, "expires": "2026-03-02T13:00:00+00:00", "group": null"#))
    #expect(message.contains(#""delivery_mode": 2, "expiration": "3600000", "delivery_info""#))
  }

  @Test(arguments: [
    ("0.5", "2026-03-02T12:00:00.500000+00:00", "500"), ("0.0015", "2026-03-02T12:00:00.001500+00:00", "1"),
    ("0", "2026-03-02T12:00:00+00:00", "0"),
    (#""2026-03-02T12:00:01.25Z""#, "2026-03-02T12:00:01.250000+00:00", "1250"),
    (#""2026-03-02T15:00:00+02:00""#, "2026-03-02T13:00:00+00:00", "3600000"),
    // Past: the worker reports the task as expired.
    (#""2026-03-02T11:00:00Z""#, "2026-03-02T11:00:00+00:00", "0"),
    // No worker could read a year of five digits.
    ("1e12", "9999-12-31T23:59:59.999999+00:00", "1000000000000000"),
  ])
  func expiries(_ value: String, _ date: String, _ milliseconds: String) throws {
    let message = try message(#""expires": \#(value)"#)
    #expect(message.contains(#""expires": "\#(date)", "#))
    #expect(message.contains(#""expiration": "\#(milliseconds)", "#))
  }

  @Test func withoutExpiryThereIsNoExpiration() throws { #expect(try !message().contains("expiration")) }

  /// [hard, soft]: Celery's documentation of the protocol has them the other way round.
  @Test func timeLimitsAreHardThenSoft() throws {
    #expect(try message(#""time_limit": 20, "soft_time_limit": 10"#).contains(#""timelimit": [20, 10]"#))
    #expect(try message(#""soft_time_limit": 10.5"#).contains(#""timelimit": [null, 10.5]"#))
    #expect(try message(#""time_limit": {"$numberLong": "20"}"#).contains(#""timelimit": [20, null]"#))
  }

  /// For people who look at monitors and logs. (Celery puts them into the properties as well, where no program reads them.)
  @Test func argumentsMayBeHidden() throws {
    let message = try message(
      #""args": ["secret"], "options": {"argsrepr": "('hidden',)", "kwargsrepr": "{\u00e9}"}"#)
    #expect(message.contains(#""argsrepr": "('hidden',)", "kwargsrepr": "{\u00e9}", "origin""#), "\(message)")
    #expect(!message.contains("secret"), "the body is Base64")
    // At the top level a field of such a name that is no text is its author's own.
    #expect(try self.message(#""argsrepr": 5, "shadow": {"a": 1}"#) == self.message(#""x": 1"#))
  }

  @Test func priorityAndQueueAreProperties() throws {
    let message = try message(#""priority": 5, "queue": "q1""#)
    #expect(
      message.contains(#""delivery_info": {"exchange": "", "routing_key": "q1"}, "priority": 5, "body_encoding""#))
  }

  @Test func aNamedExchangeStandsInTheDeliveryInfo() throws {
    let message = try message(#""exchange": "tex", "exchange_type": "topic", "routing_key": "a.b.c", "queue": "q""#)
    #expect(message.contains(#""delivery_info": {"exchange": "tex", "routing_key": "a.b.c"}"#))
  }

  @Test func headersOfTheDocumentFollowCelerysAndStayAsTheyAre() throws {
    let headers = #"{"tenant" : "acme ☃","n":1e+22 , "\u0061": [1,2]}"#
    let expected = #""stamps": {}, "tenant": "acme ☃", "n": 1e+22, "\u0061": [1,2], "celery_beat_task": true}"#
    #expect(try message(#""headers": \#(headers)"#).contains(expected))
    #expect(try message(#""options": {"headers": \#(headers)}"#).contains(expected))
    #expect(try message(#""headers": {}"#).contains(#""stamps": {}, "celery_beat_task": true}"#))
  }

  @Test func namesAreEscapedAsJSON() throws {
    let message = try message(#""task": "t\"a\\sk\n☃", "queue": "q\u0000""#)
    #expect(message.contains(#""task": "t\"a\\sk\n\u2603""#))
    #expect(message.contains(#""routing_key": "q\u0000""#))
  }

  // MARK: the body

  private func body(_ fields: String) throws -> String {
    let encoded = try message(fields).dropFirst(#"{"body": ""#.count).prefix { $0 != "\"" }
    return try #require(Base64.decode(String(encoded)))
  }

  private static let embed = #"{"callbacks": null, "errbacks": null, "chain": null, "chord": null}"#

  /// What passes through a double or through Unicode's forms would reach the task as something else.
  @Test(arguments: [
    "[1234567890123456789012345678901234567890]", "[1e+22, 1E5, 1.50, -0.0, 1.0]", "[NaN, Infinity, -Infinity, 1e400]",
    #"["\u2603", "☃", "e\u0301", "\/", "\ud83d\ude00"]"#, "[ 1 ,\n\t2 ]", #"[{"b": 1, "a": 2, "b": 3}]"#,
    #"[{"__type__": "datetime", "__value__": "2026-03-02T12:00:00+00:00"}]"#, #"["\ud800"]"#,
  ])
  func argumentsReachTheWorkerToTheByte(_ args: String) throws {
    #expect(try body(#""args": \#(args)"#) == "[\(args), {}, \(Self.embed)]")
    #expect(try body(#""kwargs": {"x": \#(args)}"#) == #"[[], {"x": \#(args)}, \#(Self.embed)]"#)
  }

  /// A worker that finds two elements dies of it.
  @Test(arguments: [
    "", #""args": null"#, #""kwargs": null"#, #""args": [], "kwargs": {}"#, #""args": null, "kwargs": null"#,
  ])
  func thereAreAlwaysThreeElements(_ fields: String) throws {
    #expect(try body(fields) == "[[], {}, \(Self.embed)]")
  }

  // MARK: against Celery

  /// Messages with options of all kinds, beside those that Celery's beat itself puts on a queue.
  @Test func messagesWithOptionsAreCelerysToTheByte() throws {
    var chance = SeededChance(seed: 4)
    var documents: [(text: String, now: UnixTime)] = []
    var requests: [String] = []
    let values = ["[2, 2]", "[]", #"["\u2603", 1.5, null, true, "it's"]"#, #"[{"a": {"b": [1e+22, NaN, [[1]]]}}]"#]
    while documents.count < 300 {
      let now = chance.time(from: 1_700_000_000, to: 2_000_000_000)
      let (args, kwargs) = (
        chance.one(of: values), chance.one(of: ["{}", #"{"x": [1, {"y": -0.5}], "z": "\ud83d\ude00"}"#])
      )
      var options: [String] = []
      if chance.once(in: 2) { options.append(#""priority": \#(chance.number(0...255))"#) }
      if chance.once(in: 2) { options.append(#""time_limit": \#(chance.one(of: ["20", "20.5", "0"]))"#) }
      if chance.once(in: 2) { options.append(#""soft_time_limit": \#(chance.number(0...100))"#) }
      if chance.once(in: 2) { options.append(#""expires": \#(chance.one(of: ["3600", "0", "0.25", "86400000"]))"#) }
      if chance.once(in: 3) { options.append(#""ignore_result": \#(chance.one(of: ["true", "false"]))"#) }
      if chance.once(in: 3) { options.append(#""shadow": "r\u00e9port of tenant 7""#) }
      if chance.once(in: 3) { options.append(#""headers": {"k": {"a": [1, 2]}, "periodic_task_name": "r\u00e9port"}"#) }
      let queue = chance.one(of: [nil, "celery", "q1", "r\u{E9}ports"])
      var fields = [
        #""args": \#(args)"#, #""kwargs": \#(kwargs)"#, #""options": {\#(options.joined(separator: ", "))}"#,
      ]
      if let queue { fields.append(#""queue": "\#(queue)""#) }
      documents.append((Sample.document(fields.joined(separator: ", ")), now))
      requests.append(
        #"{"send": {"task": "proj.tasks.add", "id": "\#(Self.id)", "origin": "\#(Self.origin)", "reply_to": "\#(Self.replyTo)", "#
          + #""now": "\#(now.iso8601.dropLast())+00:00", "args": \#(args), "kwargs": \#(kwargs), "#
          + #""queue": \#(JSONText.string(queue)), "options": {\#(options.joined(separator: ", "))}}}"#)
    }
    let answers = try WireOracle.ask(requests)
    for (document, answer) in zip(documents, answers) {
      #expect(try message(of: document.text, now: document.now) == answer)
    }
  }
}

extension Base64 {
  /// The UTF-8 text that was encoded; nil if it is no base64.
  fileprivate static func decode(_ text: String) -> String? {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var bytes: [UInt8] = []
    var (bits, count) = (UInt32(0), 0)
    for character in text where character != "=" {
      guard let value = alphabet.firstIndex(of: character) else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return text.count.isMultiple(of: 4) ? String(validating: bytes, as: UTF8.self) : nil
  }
}
