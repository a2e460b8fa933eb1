import Testing

@testable import BeatCore
@testable import BeatRedis

@Suite("TransportOptions: of a worker's options only those that say where messages lie are taken")
struct TransportOptionsTests {
  private func read(_ json: String) throws(TransportOptionsError) -> TransportOptions {
    try TransportOptions(json: Array(json.utf8))
  }

  @Test func nothingSaidIsTheStandard() throws {
    #expect(try read("{}") == TransportOptions())
    #expect(try read(#"{"global_keyprefix": "", "priority_steps": [0, 3, 6, 9]}"#) == TransportOptions())
    #expect(try read(#"{"global_keyprefix": null, "master_name": null}"#) == TransportOptions())
    #expect(TransportOptions().description == "{}")
  }

  @Test func whatDecidesNamesIsTaken() throws {
    let options = try read(
      #"{"priority_steps": [0, 5], "sep": ":", "global_keyprefix": "shop-", "master_name": "mymaster"}"#)
    #expect(options.keys == KombuKeys(globalPrefix: Array("shop-".utf8), separator: [0x3A], prioritySteps: [0, 5]))
    #expect(options.masterName == "mymaster")
    #expect(options.description == #"{"global_keyprefix": "shop-", "sep": ":", "priority_steps": [0, 5]}"#)
  }

  @Test func equalNamesHaveOneText() throws {
    let one = try read(#"{"sep":"é","priority_steps":[0,3,6,9],"visibility_timeout":3600}"#)
    #expect(one.description == #"{"sep": "\u00e9"}"#)
    #expect(try read(one.description).keys == one.keys)
  }

  @Test func theOthersAreNamed() throws {
    let options = try read(
      #"{"visibility_timeout": 43200, "fanout_prefix": true, "socket_timeout": null, "global_key_prefix": "shop-"}"#)
    #expect(options.withoutEffect == ["fanout_prefix", "socket_timeout", "visibility_timeout"])
    #expect(options.unknown == ["global_key_prefix"])
    #expect(options.keys == .standard)
  }

  @Test(arguments: [
    ("", "expected one JSON object: at byte 0 is empty; expected a JSON object"),
    ("[]", "expected one JSON object: at byte 0 is not a JSON object; expected it to begin with '{'"),
    ("{'sep': ':'}", "expected one JSON object: at byte 1 expected a key in double quotes"),
    (#"{"sep": ""}"#, "sep: is empty, and then workers cannot take messages"),
    (#"{"sep": null}"#, "sep: expected a text in quotes"), (#"{"sep": 1}"#, "sep: expected a text in quotes"),
    (#"{"global_keyprefix": ["a"]}"#, "global_keyprefix: expected a text in quotes"),
    (#"{"global_keyprefix": "\ud800"}"#, "global_keyprefix: expected a text in quotes"),
    (#"{"master_name": ""}"#, "master_name: is empty"),
    (#"{"priority_steps": []}"#, "priority_steps: is empty, and then nothing can be sent"),
    (#"{"priority_steps": 3}"#, "priority_steps: expected a list such as [0, 3, 6, 9]"),
    (#"{"priority_steps": [0, 1.5]}"#, "priority_steps: expected whole numbers, found 1.5"),
    (#"{"priority_steps": [0, "3"]}"#, #"priority_steps: expected whole numbers, found "3""#),
    (#"{"priority_steps": [false, 3]}"#, "priority_steps: expected whole numbers, found false"),
    (
      #"{"priority_steps": [0, 99999999999999999999]}"#,
      "priority_steps: expected whole numbers, found 99999999999999999999"
    ),
  ])
  func whatCannotBeUsedIsRefusedWithTheReason(_ json: String, _ reason: String) {
    #expect { try read(json) } throws: { "\($0)" == reason }
  }

  @Test func manyStepsAreRefused() {
    let steps = (0...256).map { "\($0)" }.joined(separator: ",")
    #expect(throws: TransportOptionsError.self) { try read(#"{"priority_steps": [\#(steps)]}"#) }
  }

  @Test func passwordsAreNeverPartOfAnything() throws {
    let options = try read(#"{"sentinel_kwargs": {"password": "hunter2"}, "password": "hunter2", "sep": ":"}"#)
    #expect(!"\(options) \(options.withoutEffect) \(options.unknown) \(options.keys)".contains("hunter2"))
    for broken in [#"{"password": "hunter2"#, #"{"password": "hunter2" "sep"}"#, #"{"password": hunter2}"#] {
      #expect { try read(broken) } throws: { !"\($0)".contains("hunter2") }
    }
  }
}
