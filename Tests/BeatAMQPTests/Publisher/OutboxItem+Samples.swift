import BeatCore

extension OutboxItem {
  /// A message as the daemon puts it into an outbox.
  static func sample(_ id: String, _ route: Route) -> OutboxItem {
    OutboxItem(
      taskID: TaskID(text: id), route: route, priority: 0,
      message: Array(
        """
        {"headers": {"lang": "py", "id": "\(id)"}, "properties": {"correlation_id": "\(id)", "reply_to": "r", \
        "delivery_mode": 2, "priority": 0}, "body": [[], {}, {}]}
        """.utf8))
  }
}
