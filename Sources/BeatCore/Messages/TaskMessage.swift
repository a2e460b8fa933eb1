/// One Celery task message, protocol 2, whichever broker carries it: what Celery's own beat would send.
/// (Source: celery/app/amqp.py `as_task_v2`.)
///
/// A broker's `MessageEnvelope` makes the message's bytes.
package struct TaskMessage {
  package static let contentType: StaticString = "application/json"
  package static let contentEncoding: StaticString = "utf-8"

  package var headers: Headers
  /// JSON, of always three elements: the arguments, the keyword arguments, and what Celery embeds. A worker that finds two
  /// dies of it.
  package var body: [UInt8]
  package var properties: Properties
  package var route: Route

  /// What belongs to the message and not to the task.
  package struct Properties {
    package var correlationID: TaskID
    /// Any UUID: no process listens there.
    package var replyTo: String
    /// 2: a broker that can keeps the message on disk.
    package var deliveryMode: Int64
    /// How long the message is of use, from when it is sent; milliseconds. nil: for ever.
    package var expiration: Int64?
    package var priority: Int64
  }

  /// Whether the message does not tell when it was sent. Such a message is the same at another time, but for the
  /// task's id.
  package var isTimeless: Bool { properties.expiration == nil }

  /// - Parameters:
  ///   - layout: the document, whose arguments and headers go into the message exactly as they stand there.
  ///   - origin: who sends, `gen<pid>@<host>`.
  ///   - replyTo: any UUID.
  ///   - now: when it is sent; relative expiry counts from here.
  init(
    task: String, id: TaskID, options: MessageOptions, route: Route, layout: DocumentLayout, origin: String,
    replyTo: String, now: UnixTime
  ) {
    let (args, kwargs) = (layout["args"], layout["kwargs"])
    let expiry = options.expires.map { Expiry($0, now: now) }
    headers = Headers(
      task: task, id: id, shadow: options.shadow, expires: expiry?.date, timeLimit: options.timeLimit,
      softTimeLimit: options.softTimeLimit,
      argsRepr: options.argsRepr.map { Array($0.utf8) } ?? PythonRepr.arguments(args, in: layout.bytes),
      kwargsRepr: options.kwargsRepr.map { Array($0.utf8) } ?? PythonRepr.keywords(kwargs, in: layout.bytes),
      origin: origin, ignoreResult: options.ignoreResult, given: Headers.given(in: layout))
    body = Self.body(args: args, kwargs: kwargs, in: layout.bytes)
    properties = Properties(
      correlationID: id, replyTo: replyTo, deliveryMode: options.deliveryMode ?? 2, expiration: expiry?.milliseconds,
      priority: options.priority ?? 0)
    self.route = route
  }

  private static func body(args: JSONSlice?, kwargs: JSONSlice?, in bytes: [UInt8]) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(96 + (args?.range.count ?? 0) + (kwargs?.range.count ?? 0))
    body.append("[")
    if let args { body += bytes[args.range] } else { body.append("[]") }
    body.append(", ")
    if let kwargs { body += bytes[kwargs.range] } else { body.append("{}") }
    body.append(#", {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]"#)
    return body
  }
}

/// The `expires` header and the `expiration` property. A date that has passed is sent all the same, with 0 left, as Celery
/// does it: the worker then reports the task as expired.
private struct Expiry {
  let date: String
  let milliseconds: Int64

  init(_ expires: MessageOptions.Expiry, now: UnixTime) {
    switch expires {
    case .after(let microseconds):
      // Python has no year beyond 9999: a worker would refuse the message.
      (date, milliseconds) = (Self.iso(now.advanced(by: microseconds).clamped), max(0, microseconds / 1000))
    case .at(let instant):
      (date, milliseconds) = (Self.iso(instant), max(0, instant.microseconds(since: now) / 1000))
    }
  }

  /// `datetime.isoformat()` of a UTC date: six digits of the second's fraction, or none.
  private static func iso(_ date: UnixTime) -> String {
    let text = date.iso8601.dropLast()
    guard let point = text.firstIndex(of: ".") else { return text + "+00:00" }
    let digits = text[point...].dropFirst()
    return text + String(repeating: "0", count: 6 - digits.count) + "+00:00"
  }
}
