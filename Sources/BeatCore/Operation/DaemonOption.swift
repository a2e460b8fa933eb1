/// An option in which the daemons of one installation should not differ, as a daemon's record holds it.
package struct DaemonOption: Hashable, Sendable {
  /// Its name on the command line, such as `--default-queue`.
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  package static let leaseTTL = "--lease-ttl"
  /// The value of `leaseTTL` for a daemon without a lease.
  package static let noLease = "none (--no-lease)"

  /// Microseconds as the text of an option in seconds: `2.5`.
  package static func seconds(_ microseconds: Int64) -> String { DocumentNumber.seconds(microseconds) }
}

/// An option in which two daemons differ.
package struct DaemonDifference: Hashable, Sendable {
  package let option: String
  package let ours: String
  package let theirs: String
}

extension DaemonRecord {
  /// Whether the daemon leads only while it holds the lease; nil: an earlier version's record, which does not say.
  package var usesLease: Bool? {
    options.first { $0.name == DaemonOption.leaseTTL }.map { $0.value != DaemonOption.noLease }
  }

  /// The options in which another daemon differs. An option that one of the two records lacks, as those of earlier
  /// versions do, is not compared.
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

  /// The options in which a command differs from this daemon, so that it may judge otherwise than the daemon does.
  /// `ours` are the command's.
  ///
  /// - Parameter delivery: the way on which the command would send; nil: it has not found out whether store and broker are
  ///   one server.
  package func differences(fromCommand options: [DaemonOption], delivery: Delivery?) -> [DaemonDifference] {
    var command = self
    command.options = options
    command.broker = options.first { $0.name == "--broker-url" }?.value ?? broker
    command.delivery = delivery?.rawValue ?? ""
    return command.differences(from: self)
  }

  private var comparable: [DaemonOption] {
    guard options.isEmpty else { return options }
    return [DaemonOption("--broker-url", broker), DaemonOption("--timezone", timezone)].filter { !$0.value.isEmpty }
  }

  /// Whether two URLs lead to one database: they differ in the user only, or both daemons have found that broker and
  /// store are one server (`delivery` direct) and give the same database number, for example by a socket and by a port.
  private func isSameBroker(as other: DaemonRecord) -> Bool {
    let isDirect = delivery == "direct" && other.delivery == "direct"
    return isDirect && Self.database(broker) == Self.database(other.broker)
      || Self.withoutUser(broker) == Self.withoutUser(other.broker)
  }

  private static func withoutUser(_ url: String) -> String {
    guard let scheme = url.firstRange(of: "://"), let at = url.firstIndex(of: "@") else { return url }
    return String(url[..<scheme.upperBound] + url[url.index(after: at)...])
  }

  /// The database number of `redis://host:6379/0` or `redis+socket:///path?virtual_host=0`; "0" if the URL has none.
  private static func database(_ url: String) -> Substring {
    if let marker = url.firstRange(of: "virtual_host=") { return url[marker.upperBound...].prefix { $0 != "&" } }
    let tail = url.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    return tail.isEmpty ? "0" : tail
  }
}
