/// A bound on what users, other clients and servers write or send. A schedule, name, queue or reply beyond its bound is
/// refused, and the others go on.
///
/// The daemon, `lint`, `set`, imports and receipts compare with the same number and refuse in the same words
/// (`excess`). `docs/security.md` prints the table `all`.
package struct Limit: Hashable, Sendable {
  /// What is bounded: "a schedule's name".
  package let subject: String
  package let most: Int
  /// What is counted, in the singular: "byte".
  package let unit: String
  /// Why there is a bound, and why this one.
  package let reason: String

  /// - Parameter count: what was found. Exactly `most` is within the bound.
  package func isExceeded(by count: Int) -> Bool { count > most }

  /// The predicate of a sentence that begins with the subject: "has 2000 bytes, and at most 1024 are allowed".
  package func excess(_ count: Int) -> String {
    "has \(Plural.of(count, unit)), and at most \(most) are allowed"
  }
}

extension Limit {
  package static let documentLength = Limit(
    subject: "a document", most: 1_048_576, unit: "byte",
    reason: "it is read whole and kept in memory; arguments of this size belong into a store of their own")

  package static let manifestLength = Limit(
    subject: "what an application says of its tasks", most: 4_194_304, unit: "byte",
    reason: "ten thousand tasks fit in; it is read whole and kept in memory")

  package static let documentDepth = Limit(
    subject: "a document's nesting", most: 64, unit: "level",
    reason: "each level takes stack, here and in the worker")

  package static let nameLength = Limit(
    subject: "a schedule's name", most: 1_024, unit: "byte",
    reason: "it stands in keys, messages, log lines and the watermarks, which outlive the schedule")

  package static let taskLength = Limit(
    subject: "a task's name", most: 1_024, unit: "byte",
    reason: "it stands in messages, log lines and the workers' reports; Python's own are shorter")

  package static let textLength = Limit(
    subject: "text or a date in a field that is read, with its escapes", most: 8_192, unit: "byte",
    reason: "the longest name fits, with each of its bytes escaped; it is read at each run")

  package static let fieldCount = Limit(
    subject: "a document, its headers or its options", most: 1_000, unit: "field",
    reason: "each is looked at by its name, at each read and each run")

  package static let queueLength = Limit(
    subject: "a queue, exchange or routing key", most: 255, unit: "byte",
    reason: "AMQP's limit for all three (shortstr), so that a document fits every broker")

  package static let numberDigits = Limit(
    subject: "a number that is read, or a whole number in a message", most: 4_300, unit: "digit",
    reason: "Python refuses to read a longer whole number (sys.int_info.default_max_str_digits), and the worker fails")

  package static let crontabField = Limit(
    subject: "a field of a crontab that is text", most: 4_096, unit: "byte",
    reason: "366 days of a year have 1,500; it is taken to pieces at each read")

  package static let crontabList = Limit(
    subject: "a field of a crontab that is a list", most: 32_768, unit: "byte",
    reason: "366 days of a year, each on an indented line and with its type as mongoexport writes it, have 20,000")

  package static let backlog = Limit(
    subject: "what one schedule catches up on", most: 10_000, unit: "occurrence",
    reason: "a week of minutes; older ones are left out and logged once")

  package static let replyLength = Limit(
    subject: "a server's reply", most: 268_435_456, unit: "byte",
    reason: "it is held in memory until it is complete, where each element takes 104 bytes more and a string is there "
      + "three times for a moment; the connection ends")

  package static let replyElements = Limit(
    subject: "an array in a server's reply", most: 1_048_576, unit: "element",
    reason: "room is taken when its length is read, before the elements come; the connection ends")

  package static let fireLength = Limit(
    subject: "what is on its way to the store of all fires", most: 4_194_304, unit: "byte",
    reason: "a schedule that is on time waits for it; what comes to it waits until there is room")

  package static let reasonLength = Limit(
    subject: "a reason that quotes a document", most: 600, unit: "byte",
    reason: "it is kept with each document that is set aside; a longer one is cut")

  package static let quotationLength = Limit(
    subject: "a task's name in a log line or a table", most: 200, unit: "byte",
    reason: "it tells which task is meant; a longer one is cut")

  package static let cellLength = Limit(
    subject: "a cell of a table, but for names", most: 600, unit: "byte",
    reason: "a person reads it; `--json` has all of it")

  package static let lineFieldLength = Limit(
    subject: "a field of a log line", most: 8_192, unit: "byte",
    reason: "the longest name fits, with each of its bytes escaped; what is longer is cut")

  package static let lineBurst = Limit(
    subject: "log lines of one kind, at once", most: 100, unit: "line",
    reason: "a person reads them; the others are counted in one line a second, with examples")

  package static let lineRate = Limit(
    subject: "log lines of one kind, a second, after that", most: 10, unit: "line",
    reason: "a flood of edits must not fill a disk; a line of more than 512 bytes counts as several")

  package static let pageLength = Limit(
    subject: "documents that are read at once, beyond the first", most: 1_048_576, unit: "byte",
    reason: "the reader does nothing else until they are read; the others are read next")

  package static let replyDepth = Limit(
    subject: "the nesting of a server's reply", most: 8, unit: "array",
    reason: "no reply that is asked for has more than 3, and each takes stack; the connection ends")

  package static let replyLine = Limit(
    subject: "a line in a server's reply", most: 65_536, unit: "byte",
    reason:
      "an error or a number is shorter, and each part of a line costs a look at all of it; the connection ends")

  package static let replyTime = Limit(
    subject: "a reply that keeps coming", most: 60, unit: "second",
    reason: "the daemon waits for it all the time; the connection ends")

  package static let scanSteps = Limit(
    subject: "a walk through a server's keys", most: 1_000_000, unit: "step",
    reason: "each is 500 keys or more; a server that never says which is the last would be asked for ever")

  package static let watermarkLength = Limit(
    subject: "a watermark", most: 256, unit: "byte",
    reason: "a daemon's have about 80; a longer one counts as one that cannot be read")

  package static let goneWatermarks = Limit(
    subject: "what is remembered of schedules that are gone", most: 50_000, unit: "watermark",
    reason: "30 days at most; the oldest go first where there are more")

  package static let ownFieldLength = Limit(
    subject: "a request, a receipt or a daemon's record", most: 65_536, unit: "byte",
    reason: "those of daemons and commands have some hundred; a longer one is taken out unread")

  package static let outboxItem = Limit(
    subject: "an item of the outbox", most: 4_194_304, unit: "byte",
    reason: "the message of the longest document fits in twice; no daemon writes a longer one, and it waits unread")

  package static let outboxBacklog = Limit(
    subject: "what waits in the outbox while one that is far behind may add to it", most: 256, unit: "message",
    reason: "a schedule that is on time waits for the broker to take these; while the broker is lost, all may")

  package static let deferredMessages = Limit(
    subject: "what the outbox holds that cannot be delivered", most: 1_000, unit: "message",
    reason: "it is looked at again at each attempt, and others wait; a queue with ten of them gets no more")

  package static let messagesSetAside = Limit(
    subject: "what is set aside, since the broker will never take it", most: 1_000, unit: "message",
    reason: "a person puts each back or drops it; further ones wait in the outbox, and others pass them")

  package static let declaredQueues = Limit(
    subject: "what a connection declares for workers", most: 1_000, unit: "queue",
    reason: "each leaves two keys on the broker for good; to further ones messages go undeclared")

  package static let editRecords = Limit(
    subject: "what is remembered of edits", most: 10_000, unit: "record",
    reason: "the oldest go first; there may be a quarter more for a while")

  package static let editsTogether = Limit(
    subject: "what one command changes and records one by one", most: 100, unit: "schedule",
    reason: "of more, one record says how many: a large import does not push all others out")

  package static let editText = Limit(
    subject: "who, and from where, in the record of an edit", most: 255, unit: "byte",
    reason: "a person reads it; a longer one is cut")

  package static let zones = Limit(
    subject: "what is kept of time zones", most: 1_000, unit: "zone",
    reason: "a system has about 600; with one more all are read again")

  /// All limits, in the order of the table in `docs/security.md`.
  package static let all: [Limit] = [
    documentLength, manifestLength, documentDepth, nameLength, taskLength, queueLength, textLength, fieldCount,
    numberDigits,
    crontabField, crontabList, backlog, replyLength, replyElements,
    fireLength, reasonLength, quotationLength, cellLength, lineFieldLength, lineBurst, lineRate, pageLength,
    replyDepth, replyLine, replyTime, scanSteps,
    watermarkLength, goneWatermarks, ownFieldLength, outboxItem, outboxBacklog, deferredMessages, messagesSetAside,
    declaredQueues, editRecords, editsTogether, editText, zones,
  ]
}
