extension TaskMessage {
  /// What a worker reads of a task before its body.
  package struct Headers {
    package var task: String
    package var id: TaskID
    /// What monitors show in the place of the task's name.
    package var shadow: String?
    /// A date as Python writes it.
    package var expires: String?
    /// Seconds, as JSON numbers.
    package var timeLimit: String?
    package var softTimeLimit: String?
    /// The arguments as Python would print them, in UTF-8.
    package var argsRepr: [UInt8]
    package var kwargsRepr: [UInt8]
    package var origin: String
    /// nil lets the task decide; false would make a 5.7 worker store every result.
    package var ignoreResult: Bool?
    /// The document's own headers, as they stand there: the keys with their quotes.
    package var given: [(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>)]

    /// What a header holds, for each broker to write in its own way.
    package enum Value {
      case null
      case bool(Bool)
      case integer(Int)
      case text(String)
      /// A text in UTF-8.
      case utf8([UInt8])
      /// A text: the id of this message's task, the only one that differs among a schedule's timeless messages.
      case id(TaskID)
      /// A list of two JSON numbers or nulls.
      case pair(String?, String?)
      case emptyObject

      init(_ text: String?) { self = text.map { .text($0) } ?? .null }
    }

    /// Headers that Celery sets; a document may not set them again.
    static let own: Set<String> = [
      "lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id",
      "parent_id", "argsrepr", "kwargsrepr", "origin", "ignore_result", "replaced_task_nesting", "stamped_headers",
      "stamps", "celery_beat_task", "compression",
    ]

    /// Headers become attributes of the task's request: these take the place of what the worker itself calls or reads there.
    /// Other methods' names are the task's own risk. (Source: celery/app/task.py `Context`; measured with 5.6, 5.7)
    static let fatal: Set<String> = ["get", "_children", "_get_custom_headers"]

    /// Writes all headers, in the order in which Celery has them.
    package func write(to writer: inout some TaskHeaderWriter) {
      writer.write("lang", .text("py"))
      writer.write("task", .text(task))
      writer.write("id", .id(id))
      writer.write("shadow", Value(shadow))
      writer.write("eta", .null)
      writer.write("expires", Value(expires))
      writer.write("group", .null)
      writer.write("group_index", .null)
      writer.write("retries", .integer(0))
      writer.write("timelimit", .pair(timeLimit, softTimeLimit))
      writer.write("root_id", .id(id))
      writer.write("parent_id", .null)
      writer.write("argsrepr", .utf8(argsRepr))
      writer.write("kwargsrepr", .utf8(kwargsRepr))
      writer.write("origin", .text(origin))
      writer.write("ignore_result", ignoreResult.map { .bool($0) } ?? .null)
      writer.write("replaced_task_nesting", .integer(0))
      writer.write("stamped_headers", .null)
      writer.write("stamps", .emptyObject)
      for (key, value) in given { writer.write(key: key, json: value) }
      writer.write("celery_beat_task", .bool(true))
    }

    /// The members of the document's `headers`.
    static func given(in layout: DocumentLayout) -> [(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>)] {
      let nested = layout["options"].flatMap { options in
        JSONScanner.members(of: options, in: layout.bytes).last { $0.key == "headers" }?.value
      }
      guard let slice = layout["headers"] ?? nested, slice.kind == .object else { return [] }
      return JSONScanner.members(of: slice, in: layout.bytes).map {
        (layout.bytes[$0.keyRange], layout.bytes[$0.value.range])
      }
    }
  }
}

/// Writes headers in a broker's own way.
package protocol TaskHeaderWriter {
  /// - Parameter name: one of Celery's, which needs no escapes.
  mutating func write(_ name: StaticString, _ value: TaskMessage.Headers.Value)
  /// A header of the document, as it stands there: the key with its quotes.
  mutating func write(key: ArraySlice<UInt8>, json value: ArraySlice<UInt8>)
}
