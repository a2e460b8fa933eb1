import BeatCore

/// A worker's `broker_transport_options`, as far as they decide where its messages lie.
package struct TransportOptions: Hashable, Sendable {
  package var keys: KombuKeys
  /// `master_name`, for a `sentinel://` broker whose URL names none.
  package var masterName: String?
  /// Names that the workers' own keys have in place of kombu's, by option: what `ReservedKeys` keeps free of messages.
  package private(set) var keyNames: [String: String] = [:]
  /// What the channels of broadcasts begin with, where that is not kombu's own.
  package private(set) var fanoutPrefix: String?
  /// Options that kombu's Redis transport knows and that change nothing here, in alphabetical order.
  package private(set) var withoutEffect: [String] = []
  /// Options that kombu's Redis transport does not know either: a slip of the pen, or another transport's.
  package private(set) var unknown: [String] = []

  /// What workers do that are told nothing.
  package init() { keys = .standard }

  /// More steps than anybody has a use for: kombu's priorities are ten.
  private static let mostSteps = 256

  /// From a JSON object. What does not decide names is not looked at, and never part of an error: it may hold passwords.
  package init(json: [UInt8]) throws(TransportOptionsError) {
    let layout: DocumentLayout
    do { layout = try DocumentLayout(json) } catch {
      throw TransportOptionsError("expected one JSON object: at byte \(error.offset) \(error.message)")
    }
    var prefix = KombuKeys.standard.globalPrefix
    var separator = KombuKeys.standard.separator
    var steps = KombuKeys.standard.prioritySteps
    for name in Set(layout.members.map(\.key)).sorted() {
      // A null is no prefix and no name for kombu, and makes it fail where a list or a separator should be.
      guard let value = layout.value(name) else { continue }
      switch name {
      case "global_keyprefix": prefix = value.kind == .null ? [] : Array(try Self.text(name, value, in: json).utf8)
      case "sep":
        separator = Array(try Self.text(name, value, in: json).utf8)
        if separator.isEmpty { throw TransportOptionsError("sep: is empty, and then workers cannot take messages") }
      case "priority_steps": steps = try Self.steps(value, in: json)
      case "unacked_key", "unacked_index_key", "unacked_mutex_key":
        keyNames[name] = JSONScanner.text(of: value, in: json)
      case "fanout_prefix" where value.kind == .string:
        // It may hold the number of a database, from which on nothing is known.
        fanoutPrefix = JSONScanner.text(of: value, in: json)?.split(separator: "{").first.map(String.init)
      case "master_name":
        masterName = value.kind == .null ? nil : try Self.text(name, value, in: json)
        if masterName == "" { throw TransportOptionsError("master_name: is empty") }
      default:
        if Self.known.contains(name) { withoutEffect.append(name) } else { unknown.append(name) }
      }
    }
    keys = KombuKeys(globalPrefix: prefix, separator: separator, prioritySteps: steps)
  }

  private static func text(
    _ name: String, _ value: JSONSlice, in json: [UInt8]
  ) throws(TransportOptionsError) -> String {
    guard let text = JSONScanner.text(of: value, in: json) else {
      throw TransportOptionsError("\(name): expected a text in quotes")
    }
    return text
  }

  private static func steps(_ value: JSONSlice, in json: [UInt8]) throws(TransportOptionsError) -> [Int64] {
    guard value.kind == .array else {
      throw TransportOptionsError("priority_steps: expected a list such as [0, 3, 6, 9]")
    }
    let items = JSONScanner.items(of: value, in: json)
    guard !items.isEmpty else { throw TransportOptionsError("priority_steps: is empty, and then nothing can be sent") }
    guard items.count <= mostSteps else {
      throw TransportOptionsError(
        "priority_steps: has \(Plural.of(items.count, "step")); at most \(mostSteps) are taken")
    }
    return try items.map { (item) throws(TransportOptionsError) in
      let text = String(decoding: json[item.range], as: UTF8.self)
      guard item.kind == .number, let step = Int64(text), "\(step)" == text else {
        throw TransportOptionsError("priority_steps: expected whole numbers, found \(text.prefix(40))")
      }
      return step
    }
  }

  /// Those of both channels of kombu's Redis transport, and of the retries of any transport.
  /// (kombu/transport/redis.py and virtual/base.py `from_transport_options`, kombu/connection.py `_extract_failover_opts`)
  private static let known: Set<String> = [
    "ack_emulation", "body_encoding", "callback", "client_name", "connect_retries_timeout", "deadletter_queue",
    "errback",
    "fanout_patterns", "fanout_prefix", "health_check_interval", "interval_max", "interval_start", "interval_step",
    "max_connections", "max_retries", "min_other_sentinels", "polling_interval", "queue_order_strategy",
    "reauth_check_interval", "retry_on_timeout", "sentinel_fanout_compat", "sentinel_kwargs", "socket_connect_timeout",
    "socket_keepalive", "socket_keepalive_options", "socket_timeout", "unacked_mutex_expire",
    "unacked_restore_interval", "unacked_restore_limit",
    "unacked_restore_throttle", "visibility_timeout",
  ]
}

extension TransportOptions: CustomStringConvertible {
  /// What decides names, as one line of JSON; `{}` for the standard. Nothing in it is secret.
  package var description: String { keys.description }
}

/// Why transport options cannot be used.
package struct TransportOptionsError: Error, Hashable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}
