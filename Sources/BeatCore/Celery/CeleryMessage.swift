/// One Celery task message, protocol 2, as kombu's Redis transport stores it: the bytes that Celery 5.7's own beat
/// would push. (Sources: celery/app/amqp.py `as_task_v2`, kombu/transport/virtual/base.py `prepare_message`.)
struct CeleryMessage {
  /// Headers that Celery sets; a document may not set them again.
  static let ownHeaders: Set<String> = [
    "lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id",
    "parent_id", "argsrepr", "kwargsrepr", "origin", "ignore_result", "replaced_task_nesting", "stamped_headers",
    "stamps", "celery_beat_task", "compression",
  ]

  /// A message's headers become attributes of the task's request: these take the place of what the worker itself calls or
  /// reads there. Other methods' names are the task's own risk. (Source: celery/app/task.py `Context`; measured with 5.6, 5.7)
  static let fatalHeaders: Set<String> = ["get", "_children", "_get_custom_headers"]

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

  /// A message in its bytes, which can be sent again for another task of the same kind.
  struct Encoded {
    let bytes: [UInt8]
    /// Where the task's id stands.
    fileprivate let idPlaces: [Int]
    fileprivate let idLength: Int
    /// It does not tell when it was sent.
    let isTimeless: Bool

    /// - Parameter id: of the same length as the first one, as all ids of occurrences are.
    func bytes(for id: TaskID) -> [UInt8] {
      var bytes = bytes
      let id = Array(id.description.utf8.prefix(idLength))
      for place in idPlaces {
        for index in id.indices { bytes[place + index] = id[index] }
      }
      return bytes
    }
  }

  /// The message with `args`, `kwargs` and extra headers exactly as they stand in the document.
  func encoded(from layout: DocumentLayout) -> Encoded {
    let args = layout["args"]
    let kwargs = layout["kwargs"]
    let expiry = expiry
    var idPlaces: [Int] = []
    idPlaces.reserveCapacity(4)
    var message: [UInt8] = []
    func appendID() {
      idPlaces.append(message.count)
      message.append(id.description)
    }
    message.reserveCapacity(1024 + 2 * ((args?.range.count ?? 0) + (kwargs?.range.count ?? 0)))

    message.append(#"{"body": ""#)
    Base64.append(body(args: args, kwargs: kwargs, in: layout.bytes), to: &message)
    message.append(#"", "content-encoding": "utf-8", "content-type": "application/json", "#)
    message.append(#""headers": {"lang": "py", "task": "#)
    message.appendJSON(task)
    message.append(#", "id": ""#)
    appendID()
    message.append(#"", "shadow": "#)
    message.appendJSON(options.shadow)
    message.append(#", "eta": null, "expires": "#)
    message.appendJSON(expiry?.date)
    message.append(#", "group": null, "group_index": null, "retries": 0, "timelimit": ["#)
    message.append(options.timeLimit ?? "null")
    message.append(", ")
    message.append(options.softTimeLimit ?? "null")
    message.append(#"], "root_id": ""#)
    appendID()
    message.append(#"", "parent_id": null, "argsrepr": "#)
    if let text = options.argsRepr {
      message.appendJSON(text)
    } else {
      message.appendJSON(utf8: PythonRepr.arguments(args, in: layout.bytes))
    }
    message.append(#", "kwargsrepr": "#)
    if let text = options.kwargsRepr {
      message.appendJSON(text)
    } else {
      message.appendJSON(utf8: PythonRepr.keywords(kwargs, in: layout.bytes))
    }
    message.append(#", "origin": "#)
    message.appendJSON(origin)
    // `ignore_result: null` lets the task decide; false would make a 5.7 worker store every result.
    message.append(#", "ignore_result": "#)
    message.append(options.ignoreResult.map { "\($0)" } ?? "null")
    message.append(#", "replaced_task_nesting": 0, "stamped_headers": null, "stamps": {}, "#)
    appendExtraHeaders(layout, to: &message)
    message.append(#""celery_beat_task": true}, "properties": {"correlation_id": ""#)
    appendID()
    message.append(#"", "reply_to": "#)
    message.appendJSON(replyTo)
    message.append(#", "delivery_mode": 2, "#)
    if let expiry { message.append(#""expiration": "\#(expiry.milliseconds)", "#) }
    message.append(#""delivery_info": {"exchange": "#)
    message.appendJSON(destination.exchange)
    message.append(#", "routing_key": "#)
    message.appendJSON(destination.routingKey)
    message.append(#"}, "priority": \#(options.priority ?? 0), "body_encoding": "base64", "delivery_tag": ""#)
    appendID()
    message.append(#""}}"#)
    return Encoded(
      bytes: message, idPlaces: idPlaces, idLength: id.description.utf8.count, isTimeless: expiry == nil)
  }

  /// Always three elements: a worker that finds two dies of it.
  private func body(args: JSONSlice?, kwargs: JSONSlice?, in bytes: [UInt8]) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(96 + (args?.range.count ?? 0) + (kwargs?.range.count ?? 0))
    body.append("[")
    if let args { body += bytes[args.range] } else { body.append("[]") }
    body.append(", ")
    if let kwargs { body += bytes[kwargs.range] } else { body.append("{}") }
    body.append(#", {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]"#)
    return body
  }

  /// The members of the document's `headers`, each followed by a comma.
  private func appendExtraHeaders(_ layout: DocumentLayout, to message: inout [UInt8]) {
    let nested = layout["options"].flatMap { options in
      JSONScanner.members(of: options, in: layout.bytes).last { $0.key == "headers" }?.value
    }
    guard let slice = layout["headers"] ?? nested, slice.kind == .object else { return }
    for member in JSONScanner.members(of: slice, in: layout.bytes) {
      message += layout.bytes[member.keyRange]
      message.append(": ")
      message += layout.bytes[member.value.range]
      message.append(", ")
    }
  }

  /// The `expires` header and the `expiration` property. A date that has passed is sent all the same, with 0 left, as
  /// Celery does it: the worker then reports the task as expired.
  private var expiry: (date: String, milliseconds: Int64)? {
    switch options.expires {
    // Python has no year beyond 9999: a worker would refuse the message.
    case .after(let microseconds): (Self.pythonISO(now.advanced(by: microseconds).clamped), max(0, microseconds / 1000))
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
