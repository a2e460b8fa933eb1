/// An option of a daemon by which daemons of one installation should not differ, as its record tells it.
package struct DaemonOption: Hashable, Sendable {
  /// As on the command line, such as `--default-queue`.
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  package static let leaseTTL = "--lease-ttl"
  /// In the place of the lease's length.
  package static let noLease = "none (--no-lease)"

  /// Microseconds as an option takes them: `2.5`.
  package static func seconds(_ microseconds: Int64) -> String { DocumentNumber.seconds(microseconds) }
}

/// An option that two daemons have not alike.
package struct DaemonDifference: Hashable, Sendable {
  package let option: String
  package let ours: String
  package let theirs: String
}

extension DaemonRecord {
  /// It leads by the lease, and not by its own decision; nil: an earlier version's, which does not tell.
  package var usesLease: Bool? {
    options.first { $0.name == DaemonOption.leaseTTL }.map { $0.value != DaemonOption.noLease }
  }

  /// The options that another daemon has otherwise. What one of them does not tell, as earlier versions do not, is not
  /// compared.
  package func differences(from other: DaemonRecord) -> [DaemonDifference] {
    var differences: [DaemonDifference] = []
    for option in comparable {
      guard let theirs = other.comparable.first(where: { $0.name == option.name }), theirs.value != option.value else {
        continue
      }
      if option.name == "--broker-url", isSameBroker(as: other) { continue }
      differences.append(DaemonDifference(option: option.name, ours: option.value, theirs: theirs.value))
    }
    return differences
  }

  private var comparable: [DaemonOption] {
    guard options.isEmpty else { return options }
    return [DaemonOption("--broker-url", broker), DaemonOption("--timezone", timezone)].filter { !$0.value.isEmpty }
  }

  /// Two URLs of one database: they differ in the user only, or both daemons have found the store's own server there, by
  /// its socket and its port, say (`delivery` direct).
  private func isSameBroker(as other: DaemonRecord) -> Bool {
    let isDirect = delivery == "direct" && other.delivery == "direct"
    return isDirect && Self.database(broker) == Self.database(other.broker)
      || Self.withoutUser(broker) == Self.withoutUser(other.broker)
  }

  private static func withoutUser(_ url: String) -> String {
    guard let scheme = url.firstRange(of: "://"), let at = url.firstIndex(of: "@") else { return url }
    return String(url[..<scheme.upperBound] + url[url.index(after: at)...])
  }

  /// `redis://host:6379/0` and `redis+socket:///path?virtual_host=0`.
  private static func database(_ url: String) -> Substring {
    if let marker = url.firstRange(of: "virtual_host=") { return url[marker.upperBound...].prefix { $0 != "&" } }
    let tail = url.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    return tail.isEmpty ? "0" : tail
  }
}
