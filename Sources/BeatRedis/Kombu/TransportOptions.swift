import BeatCore

/// The part of the workers' `broker_transport_options` that decides in which keys their messages are.
package struct TransportOptions: Hashable, Sendable {
  package var keys: KombuKeys
  /// `master_name`, for a `sentinel://` broker whose URL does not have it.
  package var masterName: String?
  /// The names of the workers' own keys that replace kombu's, by option. `ReservedKeys` keeps messages out of them.
  package private(set) var keyNames: [String: String] = [:]
  /// The prefix of broadcast channels; nil: kombu's own.
  package private(set) var fanoutPrefix: String?
  /// Options that kombu's Redis transport knows but that have no effect here, in alphabetical order.
  package private(set) var withoutEffect: [String] = []
  /// Options that kombu's Redis transport does not know either: misspelled, or another transport's.
  package private(set) var unknown: [String] = []

  /// The options of workers that have none.
  package init() { keys = .standard }

  /// The most steps that are accepted; kombu has only ten priorities.
  private static let mostSteps = 256

  /// Reads a JSON object. Options that do not decide names are not read and never part of an error: they may hold
  /// passwords.
  package init(json: [UInt8]) throws(TransportOptionsError) {
    let layout: DocumentLayout
    do { layout = try DocumentLayout(json) } catch {
      throw TransportOptionsError("expected one JSON object: at byte \(error.offset) \(error.message)")
    }
    var prefix = KombuKeys.standard.globalPrefix
    var separator = KombuKeys.standard.separator
    var steps = KombuKeys.standard.prioritySteps
    for name in Set(layout.members.map(\.key)).sorted() {
      // For kombu, null means no prefix or no name; for a list or a separator it makes kombu fail.
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
        // The prefix may contain the placeholder of a database's number; what follows that is not known here.
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

  /// The options of both channels of kombu's Redis transport, and those for the retries of any transport.
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
  /// The options that decide names, as one line of JSON; `{}` for the standard. None of them is secret.
  package var description: String { keys.description }
}

/// Why transport options cannot be used.
package struct TransportOptionsError: Error, Hashable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}
