/// The options of Celery's `apply_async`, with those that it hands on to `send_task` and kombu's `publish`, and what
/// becomes of each in a document: one table for the daemon, the commands and every import.
/// (Source: celery/app/task.py, celery/app/base.py, celery/app/amqp.py, kombu/messaging.py; Celery 5.7)
enum CeleryOption {
  /// They travel in the message, or decide where it goes.
  static let honoured: Set<String> = [
    "queue", "exchange", "exchange_type", "routing_key", "priority", "expires", "time_limit", "soft_time_limit",
    "headers", "serializer", "compression", "ignore_result", "shadow", "argsrepr", "kwargsrepr", "delivery_mode",
  ]

  /// Options that change when or what runs. No document has them for another reason: they are refused at the top level,
  /// too.
  static let refusedAnywhere = ["countdown", "eta", "link", "link_error", "chain", "chord"]

  /// Options that concern the sender and its connection, or a broker's property that kombu's Redis transport does not
  /// look at: a worker sees no difference. They are accepted with a warning.
  static let idle: Set<String> = [
    "retry", "retry_policy", "producer", "publisher", "connection", "router", "route_name", "result_cls", "task_type",
    "add_to_parent", "root_id", "parent_id", "replaced_task_nesting", "event_dispatcher", "declare", "timeout",
    "confirm_timeout", "auto_declare", "immediate", "mandatory", "expiration", "message_id",
    "timestamp", "type", "user_id", "app_id", "cluster_id", "now", "timezone", "origin", "create_sent_event",
  ]

  /// Why an option cannot be honoured, and what to do instead; nil for all others.
  ///
  /// Those that `refusedAnywhere` does not name are refused in `options` only: at the top level no scheduler ever read
  /// them, and a field of such a name is its author's own.
  static func refusal(of option: String) -> String? {
    switch option {
    case "countdown", "eta":
      "cannot be honoured: a run is sent when it is due; let the schedule itself say when, or use start_after or jitter"
    case "link", "link_error", "chain", "chord", "callbacks", "errbacks":
      "cannot be honoured: a schedule sends one task; let that task call the others"
    case "task_id", "correlation_id":
      "cannot be honoured: each run has an id of its own, which follows from its schedule and due time"
    case "group_id", "group_index":
      "cannot be honoured: a run belongs to no group; let a task call the group"
    case "retries":
      "cannot be honoured: a run is a first attempt; say in the task how often it may be retried"
    case "reply_to":
      "cannot be honoured: nobody waits for the result of a run; let the task send it"
    case "stamped_headers":
      #"cannot be honoured: runs are not stamped; write what workers shall see as "headers""#
    case "content_type", "content_encoding":
      "cannot be honoured: messages are JSON in UTF-8; leave it out"
    default: nil
    }
  }

  static func isKnown(_ option: String) -> Bool {
    honoured.contains(option) || idle.contains(option) || refusal(of: option) != nil
  }
}

extension JSONSlice {
  /// `null`, `false`, `0`, `""`, `[]` and `{}`: an option of such a value is as good as absent for Celery.
  func saysNothing(in bytes: [UInt8]) -> Bool {
    switch kind {
    case .null: true
    case .bool: bytes[range.lowerBound] == UInt8(ascii: "f")
    case .number: DocumentNumber(self, in: bytes)?.double == 0
    case .string: range.count == 2
    case .array: JSONScanner.items(of: self, in: bytes).isEmpty
    case .object: JSONScanner.members(of: self, in: bytes).isEmpty
    default: false
    }
  }
}
