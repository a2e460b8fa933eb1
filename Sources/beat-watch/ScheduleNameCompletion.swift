import ArgumentParser
import BeatCore

extension CompletionKind {
  /// The names that are stored, by the environment's settings: a shell asks with each press of the tab key.
  static var scheduleNames: CompletionKind {
    .custom { _, _, prefix in
      guard let options = try? StoreOptions.parse([]), let client = try? options.connect() else { return [] }
      let names = (try? client.names()) ?? []
      return names.map { "\($0)" }.filter { $0.hasPrefix(prefix) }.prefix(1000).map { $0 }
    }
  }
}
