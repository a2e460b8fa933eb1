import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

@Suite struct FireScriptTests {
  static let script = String(decoding: PackageResources.fire_lua, as: UTF8.self)

  @Test(arguments: FireScenario.all + FireScenario.together)
  func scenario(_ scenario: FireScenario) throws {
    let server = try RedisServer()
    for (store, broker) in [(1, 0), (0, 0), (3, 7)] {
      let complaints = try scenario.complaints(Self.script, on: server, store: store, broker: broker)
      #expect(complaints.isEmpty, "store in database \(store), broker in \(broker)")
    }
  }

  /// Each safeguard is needed: without it the scenarios do not pass.
  @Test(arguments: Safeguard.all)
  func safeguard(_ safeguard: Safeguard) throws {
    let weakened = try safeguard.removed(from: Self.script)
    let server = try RedisServer()
    let scenarios = FireScenario.all + FireScenario.together
    let failed = try scenarios.filter { try !$0.complaints(weakened, on: server).isEmpty }.map(\.name)
    #expect(failed.contains { $0.hasPrefix(safeguard.scenario) }, "failed: \(failed)")
  }

  /// A safeguard of the script: the text that does it, and the text that replaces it to show that it is needed.
  struct Safeguard: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    var replacement = ""
    /// The beginning of the name of a scenario that fails without it.
    let scenario: String

    func removed(from script: String) throws -> String {
      let parts = script.split(separator: text, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw Failure("the script holds \(parts.count - 1) times, not once: \(text)", 0)
      }
      return parts.joined(separator: replacement)
    }

    static let all = [
      Safeguard(
        testDescription: "the lease", text: "if token ~= '' and", replacement: "if false and", scenario: "FENCED"),
      Safeguard(
        testDescription: "the watermark", text: "if marked and sub(marked, 1, 20) >= due then",
        replacement: "if false then", scenario: "ALREADY_MINE: a stale copy"),
      Safeguard(
        testDescription: "the watermark's task id", text: "if id(marked) == id(new) then",
        replacement: "if false then", scenario: "ALREADY_MINE: the same call again"),
      Safeguard(
        testDescription: "the missing document", text: "call('TYPE', KEYS[last + i]).ok == 'none' and",
        replacement: "false and", scenario: "GONE"),
      Safeguard(
        testDescription: "the byte comparison", text: "elseif stands ~= old then", replacement: "elseif false then",
        scenario: "CHANGED: other bytes"),
      Safeguard(
        testDescription: "the document's type", text: "== 'none' and 'GONE' or 'CHANGED'",
        replacement: "~= 'string' and 'GONE' or 'CHANGED'", scenario: "CHANGED: another type"),
      Safeguard(
        testDescription: "the early guard", text: "elseif tonumber(due) > latest then",
        replacement: "elseif false then", scenario: "EARLY"),
      Safeguard(
        testDescription: "an entry that comes twice", text: "elseif taken[entry] then",
        replacement: "elseif false then", scenario: "together: an entry that comes twice"),
      Safeguard(
        testDescription: "the queue's type",
        text: """
          'LPUSH: ' .. reply.err}
                if there ~= 'list' and there ~= 'none' then
          """,
        replacement: "'LPUSH: ' .. reply.err}\n      if false then", scenario: "BADQUEUE: a queue"),
      Safeguard(
        testDescription: "the bound", text: "while length + room > longest and room > 0 do",
        replacement: "while false do", scenario: "FULL: a list"),
      Safeguard(
        testDescription: "the bound for what goes together", text: "while length + room > longest and room > 0 do",
        replacement: "while length >= longest and room > 0 do", scenario: "together: as many as there is room for"),
      Safeguard(
        testDescription: "the checks before the first push", text: "if last > 4 or longest > 0 then",
        replacement: "if longest > 0 then", scenario: "BADQUEUE: one of several"),
      Safeguard(
        testDescription: "putting the watermark back", text: "if #back > 0 then", replacement: "if false then",
        scenario: "ERR: a push that is refused puts"),
      Safeguard(
        testDescription: "forgetting the watermark", text: "if #absent > 0 then", replacement: "if false then",
        scenario: "ERR: a push that is refused changes"),
      Safeguard(
        testDescription: "what a watermark is before its first fire", text: "- 1)\n", replacement: "+ 1)\n",
        scenario: "ERR: a push that is refused, by"),
      Safeguard(
        testDescription: "the end of what the caller may undo",
        text: "local reply = pcall('HSET', mark, unpack(fields))",
        replacement: "local reply = call('HSET', mark, unpack(fields))", scenario: "ERR: a watermark"),
      Safeguard(
        testDescription: "a document that cannot be written", text: "pcall('SET', document",
        replacement: "call('SET', document", scenario: "together: a document that cannot"),
      Safeguard(
        testDescription: "that a broken history holds nothing up", text: "told = pcall('XADD'",
        replacement: "told = call('XADD'", scenario: "OK: a history that cannot be kept"),
      Safeguard(
        testDescription: "the bound of the history", text: "'MAXLEN', '~', ARGV[6], ",
        scenario: "OK: a history of what was fired"),
      Safeguard(
        testDescription: "that an entry has one reason", text: "or ARGV[place + 6] ~= why then", replacement: "then",
        scenario: "together: a history of what was sent together"),
      Safeguard(
        testDescription: "the time to live", text: ", 'KEEPTTL'", scenario: "OK: the document's time to live"),
      Safeguard(
        testDescription: "what is left of a longer document", text: "kept + #rest < #old\n",
        replacement: "false\n", scenario: "OK: the document's time to live"),
      Safeguard(
        testDescription: "the other way to write", text: "pcall('SETRANGE'", replacement: "call('SETRANGE'",
        scenario: "OK: a user who may not"),
      Safeguard(
        testDescription: "the way back to the store",
        text: "if broker ~= store then call('SELECT', store) end\n  if stays then",
        replacement: "if stays then", scenario: "OK: message, watermark and document"),
      Safeguard(
        testDescription: "the way to the broker",
        text: "if broker ~= store then call('SELECT', broker) end\n  local pushed", replacement: "local pushed",
        scenario: "OK: message, watermark and document"),
    ]
  }

  /// The outcome that the driver reads from each answer.
  @Test func answers() {
    func outcome(_ words: String...) -> FireOutcome { FireOutcome(.array(words.map { .string(Array($0.utf8)) })) }
    #expect(FireOutcome(.string(Array("OK".utf8))) == .fired)
    #expect(FireOutcome(.string(Array("CHANGED".utf8))) == .changed)
    #expect(outcome("ALREADY_MINE") == .alreadyMine)
    #expect(outcome("ALREADY", "00000000000000000001||0") == .already)
    #expect(outcome("GONE") == .gone)
    #expect(outcome("CHANGED") == .changed)
    #expect(outcome("FENCED") == .fenced)
    #expect(outcome("EARLY", "1700000000000000") == .early(serverTime: UnixTime(microseconds: 1_700_000_000_000_000)))
    guard case .refused(let full) = FireOutcome(.array([.string(Array("FULL".utf8)), .integer(7)])) else {
      Issue.record("a full outbox is not .refused")
      return
    }
    #expect(full.contains("outbox is full: 7"))
    guard case .refused(let queue) = outcome("BADQUEUE", "slow\u{06}\u{16}3", "hash"),
      case .refused(let text) = outcome("ERR", "LPUSH: OOM command not allowed"),
      case .refused(let error) = FireOutcome(.error(RedisServerError("MISCONF cannot write"))),
      // An answer to another question.
      outcome("SOMETHING") == .unknown, FireOutcome(.array([])) == .unknown, FireOutcome(.integer(1)) == .unknown
    else {
      Issue.record("an answer that changed nothing is not .refused")
      return
    }
    #expect(queue.contains("slow") && queue.contains("hash"))
    #expect(text.hasPrefix("Redis refused LPUSH: OOM command not allowed; its memory is full"))
    #expect(error.contains("MISCONF cannot write"))
    // A control character in a queue's name is not written to the log as it is.
    #expect(!queue.utf8.contains(0x06))
    #expect(FireOutcome(nil) == .unknown)
  }
}
