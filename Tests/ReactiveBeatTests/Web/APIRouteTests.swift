import Testing

@testable import BeatCore
@testable import ReactiveBeat
@testable import beat_watch

/// Which call leads where, and what is refused before anything is asked.
@Suite struct APIRouteTests {
  private func status(_ call: APICall) -> Int {
    do throws(APIProblem) {
      try APIRoute(call).require(call.role)
      return 200
    } catch { return error.code.status }
  }

  @Test func idsAreNames() {
    for name in [[], [0], Array("a".utf8), Array("a/b c\"日報".utf8), [0xFF, 0xFE, 0], Array(0...255)] as [[UInt8]] {
      let id = ScheduleID.text(of: EntryName(name))
      #expect(
        id.utf8.allSatisfy {
          "-_".utf8.contains($0) || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
            || (0x61...0x7A).contains($0)
        })
      #expect(ScheduleID.name(of: id) == (name.isEmpty ? nil : EntryName(name)))
    }
    // Padded, of the other alphabet, of no whole byte, with bits left over, with what is no digit.
    for wrong in ["YQ==", "+/", "a", "YR", "Y Q", "ä", "YQ\n", String(repeating: "!", count: 4)] {
      #expect(ScheduleID.name(of: wrong) == nil, "\(wrong)")
    }
  }

  @Test func pathsAndMethods() {
    let id = "YQ"
    let known: [(String, [String])] = [
      ("GET", ["schedules"]), ("POST", ["schedules"]), ("GET", ["schedules", id]), ("PUT", ["schedules", id]),
      ("DELETE", ["schedules", id]), ("GET", ["schedules", id, "explanation"]), ("GET", ["schedules", id, "runs"]),
      ("POST", ["schedules", id, "run"]), ("POST", ["schedules", id, "rename"]), ("POST", ["schedules", id, "enable"]),
      ("POST", ["schedules", id, "disable"]), ("GET", ["facets"]), ("GET", ["runs"]), ("GET", ["system"]),
      ("GET", ["system", "doctor"]), ("GET", ["system", "activity"]), ("GET", ["openapi.json"]), ("POST", ["check"]),
      ("POST", ["bulk"]), ("HEAD", ["schedules"]), ("GET", ["schedules", ""]),
    ]
    for (method, path) in known {
      #expect(status(APICall(method, path, role: .editor)) == 200, "\(method) \(path)")
      #expect(status(APICall(method, path)) == 401)
      let isWrite = method != "GET" && method != "HEAD"
      #expect(status(APICall(method, path, role: .viewer)) == (isWrite ? 403 : 200), "\(method) \(path)")
      #expect(status(APICall("PATCH", path, role: .editor)) == 405)
    }
    for path in [
      [], [""], ["nothing"], ["schedules", id, "nothing"], ["schedules", id, "run", "more"], ["system", "x"],
    ] {
      #expect(status(APICall("GET", path, role: .editor)) == 404, "\(path)")
    }
    #expect(status(APICall("GET", ["schedules", "Y=="], role: .editor)) == 400)
  }

  @Test func aWrongMethodTellsTheRightOnes() {
    do throws(APIProblem) {
      _ = try APIRoute(APICall("POST", ["schedules", "YQ"]))
      Issue.record("it was taken")
    } catch { #expect(error.answer.allowed == ["DELETE", "GET", "PUT"]) }
  }

  @Test func listParameters() throws {
    func query(_ parameters: (String, String)...) throws -> ListQuery {
      try ListQuery(APICall("GET", ["schedules"], query: parameters.map { (name: $0.0, value: $0.1) }))
    }
    let all = try query(
      ("search", "  Mail ÄB "), ("state", "enabled,rejected"), ("task", "t"), ("queue", "q"), ("owner", "o"),
      ("due_within", "1.5"), ("sort", "-last_run"), ("offset", "7"), ("limit", "200"))
    #expect(all.words == [Array("mail".utf8), Array("äb".utf8)] && all.states == [.enabled, .rejected])
    #expect(all.task == "t" && all.queue == "q" && all.owner == "o" && all.dueWithin == 1_500_000)
    #expect(all.key == .lastRun && all.isReversed && all.offset == 7 && all.limit == 200)
    let plain = try query(("search", ""), ("sort", ""), ("limit", ""))
    #expect(plain.words.isEmpty && plain.key == .name && plain.limit == 100)
    let wrong = [
      ("limit", "0"), ("limit", "201"), ("limit", "-1"), ("limit", "1e2"), ("limit", "99999999999999999999"),
      ("limit", "x"),
      ("offset", "-1"), ("offset", "100000001"), ("offset", " 1"), ("due_within", "-1"), ("due_within", "nan"),
      ("due_within", "inf"), ("due_within", "1e300"), ("state", "Enabled"), ("sort", "size"),
      ("sort", "--name"), ("sort", "-"), ("unknown", "1"), ("search", String(repeating: "a ", count: 17)),
      ("search", String(repeating: "a", count: 1_025)),
    ]
    for (name, value) in wrong {
      #expect(throws: APIProblem.self, "\(name)=\(value)") { try query((name, value)) }
    }
    #expect(throws: APIProblem.self) { try query(("limit", "1"), ("limit", "2")) }
  }

  @Test func bodies() throws {
    func body(_ text: String) throws -> APIBody { try APIBody(Array(text.utf8)) }
    for wrong in ["[]", "1", "{", #"{"a":}"#, "{} {}", "\u{FEFF}{}", String(repeating: "[", count: 100_000)] {
      #expect(throws: APIProblem.self, "\(wrong.prefix(20))") { try body(wrong) }
    }
    #expect(throws: APIProblem.self) { try APIBody([0xFF]) }
    #expect(throws: APIProblem.self) { try APIBody([UInt8](repeating: 0x20, count: APIBody.mostBytes + 1)) }
    #expect(try body("").optionalText("id") == nil && body(#"{"id": null}"#).optionalText("id") == nil)
    for wrong in [#"{"name": 1}"#, #"{"name": {}}"#, #"{"name": "\ud800"}"#, "{}"] {
      #expect(throws: APIProblem.self, "\(wrong)") { try body(wrong).text("name") }
    }
    #expect(try body(#"{"document": "{\"a\": \"ä\\u0000\"}"}"#).document() == Array(#"{"a": "ä\u0000"}"#.utf8))
    for wrong in ["{}", #"{"document": {}}"#, #"{"document": ""}"#, #"{"document": "\udfff"}"#] {
      #expect(throws: APIProblem.self, "\(wrong)") { try body(wrong).document() }
    }
    let long = String(repeating: "a", count: Limit.documentLength.most + 1)
    do {
      _ = try body(#"{"document": "\#(long)"}"#).document()
      Issue.record("it was taken")
    } catch let problem as APIProblem { #expect(problem.code == .tooLarge) }
    #expect(throws: APIProblem.self) { try body(#"{"seen": "abc"}"#).seen() }
    #expect(try body(#"{"ids": ["a", "b"]}"#).texts("ids", atMost: 2) == ["a", "b"])
    for wrong in [#"{"ids": ["a", "b", "c"]}"#, #"{"ids": "a"}"#, #"{"ids": [1]}"#, "{}"] {
      #expect(throws: APIProblem.self, "\(wrong)") { try body(wrong).texts("ids", atMost: 2) }
    }
  }

  @Test func timesAndLengths() {
    #expect(JSONOutput.time(UnixTime(microseconds: 1_795_000_000_000_001)).line == #""2026-11-18T11:06:40.000001Z""#)
    #expect(JSONOutput.time(UnixTime(seconds: 1_795_000_000)).line == #""2026-11-18T11:06:40.000000Z""#)
    #expect(JSONOutput.seconds(-213).line == "-0.000213" && JSONOutput.seconds(61_000_000).line == "61.000000")
    #expect(JSONOutput.seconds(.min).line == "-9223372036854.775808" && JSONOutput.seconds(nil).line == "null")
  }

  /// A body in an error's text is shown as text, and cannot break the JSON.
  @Test func errorsAreJSON() throws {
    let problem = APIProblem(.badRequest, "a \"quote\", a\nline and \u{202E}more")
    let json = try #require(JSONValue(problem.answer.body))
    #expect(json["error"]?["code"]?.text == "bad_request" && problem.answer.status == 400)
    #expect(json["error"]?["message"]?.text?.contains("\"quote\"") == true)
    for code in APIProblem.Code.allCases { #expect((400...503).contains(code.status)) }
  }
}
