import BeatCore

/// Cases of `ApplicationStore`.
extension StoreCase {
  static let application = [
    StoreCase("the application's manifest is read to the byte, and there may be none") { trial in
      let a = try trial.visitor()
      func manifest() throws -> [UInt8]? { try a.get("read") { a.store.application.read(then: $0) } }
      trial.equal(try manifest(), nil, "the manifest where there is none")
      let text = Array(#"{"version": 1, "tasks": {"t": {"queue": "\#(String(repeating: "q", count: 70_000))"}}}"#.utf8)
      trial.stage.publish(text)
      trial.equal(try manifest(), text, "the manifest")
      trial.stage.publish(nil)
      trial.equal(try manifest(), nil, "the manifest when it was taken back")
    },

    StoreCase("a manifest that is published or taken back is heard") { trial in
      let a = try trial.visitor()
      for (what, manifest) in [("a manifest", Array("{}".utf8)), ("another", Array("{ }".utf8)), ("none", nil)] {
        a.forgetEvents()
        trial.stage.publish(manifest)
        try a.hearAll()
        let isHeard = a.events.contains {
          if case .applicationTouched = $0 { true } else { $0.touchesAll }
        }
        trial.expect(isHeard, "\(what) is not heard before the next heartbeat")
      }
    },
  ]
}
