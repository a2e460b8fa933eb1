/// One Celery task message, protocol 2, as kombu's Redis transport stores it: the bytes that Celery 5.7's own beat
/// would push. (Sources: celery/app/amqp.py `as_task_v2`, kombu/transport/virtual/base.py `prepare_message`.)
struct CeleryMessage {
  /// Headers that Celery sets; a document may not set them again.
  static let ownHeaders: Set<String> = [
    "lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id",
    "parent_id", "argsrepr", "kwargsrepr", "origin", "ignore_result", "replaced_task_nesting", "stamped_headers",
    "stamps", "celery_beat_task", "compression",
  ]

  var task: String
  var id: TaskID
  var options: MessageOptions
  var destination: Destination
  /// Who sends: `gen<pid>@<host>`.
  var origin: String
  /// Any UUID; nobody listens there.
  var replyTo: String
  /// When it is sent; relative expiry counts from here.
  var now: UnixTime

  /// What the message says of its way; kombu writes an empty exchange for a plain queue.
  struct Destination: Hashable {
    var exchange: String
    var routingKey: String
  }

  /// The message with `args`, `kwargs` and extra headers exactly as they stand in the document.
  func encoded(from layout: DocumentLayout) -> [UInt8] {
    let args = layout["args"]
    let kwargs = layout["kwargs"]
    let id = JSONText.string(self.id.description)
    let expiry = expiry

    var headers = #"{"lang": "py", "task": \#(JSONText.string(task)), "id": \#(id), "shadow": null, "eta": null, "#
    headers += #""expires": \#(JSONText.string(expiry?.date)), "group": null, "group_index": null, "retries": 0, "#
    headers += #""timelimit": [\#(options.timeLimit ?? "null"), \#(options.softTimeLimit ?? "null")], "#
    headers += #""root_id": \#(id), "parent_id": null, "#
    headers += #""argsrepr": \#(JSONText.string(PythonRepr.arguments(args, in: layout.bytes))), "#
    headers += #""kwargsrepr": \#(JSONText.string(PythonRepr.keywords(kwargs, in: layout.bytes))), "#
    // `ignore_result: null` lets the task decide; false would make a 5.7 worker store every result.
    headers += #""origin": \#(JSONText.string(origin)), "ignore_result": null, "replaced_task_nesting": 0, "#
    headers += #""stamped_headers": null, "stamps": {}, \#(extraHeaders(layout))"celery_beat_task": true}"#

    var properties = #"{"correlation_id": \#(id), "reply_to": \#(JSONText.string(replyTo)), "delivery_mode": 2, "#
    if let expiry { properties += #""expiration": "\#(expiry.milliseconds)", "# }
    properties += #""delivery_info": {"exchange": \#(JSONText.string(destination.exchange)), "#
    properties += #""routing_key": \#(JSONText.string(destination.routingKey))}, "#
    properties += #""priority": \#(options.priority ?? 0), "body_encoding": "base64", "delivery_tag": \#(id)}"#

    let body = Base64.encode(body(args: args, kwargs: kwargs, in: layout.bytes))
    let message =
      #"{"body": "\#(body)", "content-encoding": "utf-8", "content-type": "application/json", "#
      + #""headers": \#(headers), "properties": \#(properties)}"#
    return Array(message.utf8)
  }

  /// Always three elements: a worker that finds two dies of it.
  private func body(args: JSONSlice?, kwargs: JSONSlice?, in bytes: [UInt8]) -> [UInt8] {
    var body = Array("[".utf8)
    body += args.map { bytes[$0.range] } ?? ArraySlice("[]".utf8)
    body += ", ".utf8
    body += kwargs.map { bytes[$0.range] } ?? ArraySlice("{}".utf8)
    body += #", {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]"#.utf8
    return body
  }

  /// The members of the document's `headers`, each followed by a comma.
  private func extraHeaders(_ layout: DocumentLayout) -> String {
    let nested = layout["options"].flatMap { options in
      JSONScanner.members(of: options, in: layout.bytes).last { $0.key == "headers" }?.value
    }
    guard let slice = layout["headers"] ?? nested, slice.kind == .object else { return "" }
    return JSONScanner.members(of: slice, in: layout.bytes).map { member in
      String(decoding: layout.bytes[member.keyRange], as: UTF8.self) + ": "
        + String(decoding: layout.bytes[member.value.range], as: UTF8.self) + ", "
    }.joined()
  }

  /// The `expires` header and the `expiration` property. A date that has passed is sent all the same, with 0 left, as
  /// Celery does it: the worker then reports the task as expired.
  private var expiry: (date: String, milliseconds: Int64)? {
    switch options.expires {
    // Python has no year beyond 9999: a worker would refuse the message.
    case .after(let microseconds): (Self.pythonISO(now.advanced(by: microseconds).clamped), microseconds / 1000)
    case .at(let date): (Self.pythonISO(date), max(0, date.microseconds(since: now) / 1000))
    case nil: nil
    }
  }

  /// `datetime.isoformat()` of a UTC date: six digits of the second's fraction, or none.
  private static func pythonISO(_ date: UnixTime) -> String {
    let text = date.iso8601.dropLast()
    guard let point = text.firstIndex(of: ".") else { return text + "+00:00" }
    let digits = text[point...].dropFirst()
    return text + String(repeating: "0", count: 6 - digits.count) + "+00:00"
  }
}
