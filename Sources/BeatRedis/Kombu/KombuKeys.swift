import BeatCore

/// The names of kombu's keys on a Redis broker: a queue's lists and an exchange's bindings.
///
/// Three of the workers' `broker_transport_options` decide them. The names of the daemon's own keys never depend on
/// these.
/// (Source: kombu/transport/redis.py, `_q_for_pri`, `priority`, `_queue_bind`, `get_table`, `GlobalKeyPrefixMixin`.)
package struct KombuKeys: Hashable, Sendable {
  /// The names for workers without transport options.
  package static let standard = KombuKeys()

  /// The priorities that kombu accepts. It takes one outside for the nearest.
  private static let priorities: ClosedRange<Int64> = 0...9

  /// `global_keyprefix`: the prefix of all of kombu's keys. Empty: none.
  package let globalPrefix: [UInt8]
  /// `sep`: separates a queue's name from a priority, and the three parts of a binding. Never empty.
  package let separator: [UInt8]
  /// `priority_steps`, in any order. Never empty.
  package let prioritySteps: [Int64]
  /// The steps that have a list, in the order in which workers look at them. If the steps ascend, these are all of
  /// them.
  private let listed: [Int64]
  /// The suffix of a queue's name in the list of each priority from 0 to 9.
  private let suffixes: [[UInt8]]

  /// - Parameters:
  ///   - separator: not empty.
  ///   - prioritySteps: not empty, in any order, as for kombu.
  package init(globalPrefix: [UInt8] = [], separator: [UInt8] = [0x06, 0x16], prioritySteps: [Int64] = [0, 3, 6, 9]) {
    self.globalPrefix = globalPrefix
    self.separator = separator
    self.prioritySteps = prioritySteps
    // kombu looks up a step like any priority, so a step leads to another one if the steps do not ascend.
    listed = prioritySteps.reduce(into: []) { listed, given in
      let step = Self.step(of: given, in: prioritySteps)
      if !listed.contains(step) { listed.append(step) }
    }
    suffixes = Self.priorities.map { Self.suffix(Self.step(of: $0, in: prioritySteps), separator) }
  }

  private static func suffix(_ step: Int64, _ separator: [UInt8]) -> [UInt8] {
    step == 0 ? [] : separator + Array("\(step)".utf8)
  }

  /// `steps[bisect(steps, priority) - 1]`: of ascending steps the last one that is not greater, or the last one of all
  /// if all are greater. It is Python's own search, since kombu does not sort the steps.
  private static func step(of priority: Int64, in steps: [Int64]) -> Int64 {
    var (low, high) = (0, steps.count)
    while low < high {
      let middle = low + (high - low) / 2
      if priority < steps[middle] { high = middle } else { low = middle + 1 }
    }
    return (low == 0 ? steps.last : steps[low - 1]) ?? 0
  }

  // MARK: queues

  /// LIST, the messages of `queue` with a priority. For step 0 it has the queue's own name.
  package func list(of queue: [UInt8], priority: Int64) -> [UInt8] {
    let suffix = suffixes[Int(min(max(priority, Self.priorities.lowerBound), Self.priorities.upperBound))]
    if suffix.isEmpty, globalPrefix.isEmpty { return queue }
    return globalPrefix + queue + suffix
  }

  /// All lists from which a worker takes a queue's messages, the first one first.
  package func lists(of queue: [UInt8]) -> [[UInt8]] {
    listed.map { globalPrefix + queue + Self.suffix($0, separator) }
  }

  /// The queue and the step of a list; nil: the key does not have the prefix, so it is no worker's list.
  package func place(of list: [UInt8]) -> (queue: [UInt8], step: Int64)? {
    guard list.starts(with: globalPrefix) else { return nil }
    let name = Array(list.dropFirst(globalPrefix.count))
    for step in listed where step != 0 {
      let suffix = Self.suffix(step, separator)
      if name.count >= suffix.count, name.suffix(suffix.count).elementsEqual(suffix) {
        return (Array(name.dropLast(suffix.count)), step)
      }
    }
    return (name, 0)
  }

  /// The words for a list: `reports`, or `reports, priority 3`. A key that is no worker's list stays as it is.
  package func words(for list: [UInt8]) -> String {
    guard let (queue, step) = place(of: list) else { return "\(EntryName(list))" }
    return step == 0 ? "\(EntryName(queue))" : "\(EntryName(queue)), priority \(step)"
  }

  /// Whether workers would take messages from one of this queue's lists for another queue's, and could not run them:
  /// they cut a list's name at the last separator, which may be part of the queue's name. (kombu/transport/redis.py
  /// `_brpop_read`)
  package func isMistaken(_ queue: [UInt8]) -> Bool {
    listed.contains { step in
      let name = queue + Self.suffix(step, separator)
      let cut = (0...max(0, name.count - separator.count)).last { name[$0...].starts(with: separator) }
      return name[..<(cut ?? name.count)] != queue[...]
    }
  }

  /// What is doubtful about a queue's name; nil: nothing.
  @Sendable package func doubt(_ queue: [UInt8]) -> String? { isMistaken(queue) ? mistake : nil }

  /// The problem of such a queue, as a text.
  package var mistake: String {
    "its name holds the workers' sep \(EntryName(separator)), at which they cut it: they cannot run what lies there; "
      + "rename the queue, or take another sep"
  }

  // MARK: exchanges

  /// SET, the bindings of an exchange.
  package func bindings(of exchange: String) -> [UInt8] { globalPrefix + Array("_kombu.binding.\(exchange)".utf8) }

  /// SET, the same; kombu 5.7 keeps the bindings of an exchange here as long as it exists.
  package func permanentBindings(of exchange: String) -> [UInt8] {
    globalPrefix + Array("_kombu.binding_permanent.\(exchange)".utf8)
  }

  /// A binding as a member of its set.
  package func member(_ binding: QueueBinding) -> [UInt8] {
    binding.routingKey + separator + binding.pattern + separator + binding.queue
  }

  /// The binding of a set's member; nil: the member does not have three parts.
  package func binding(_ member: [UInt8]) -> QueueBinding? {
    var parts: [[UInt8]] = [[]]
    var index = 0
    while index < member.count {
      if member[index] == separator[0], member[index...].starts(with: separator) {
        parts.append([])
        index += separator.count
      } else {
        parts[parts.count - 1].append(member[index])
        index += 1
      }
    }
    return parts.count == 3 ? QueueBinding(routingKey: parts[0], pattern: parts[1], queue: parts[2]) : nil
  }

  /// The queues to which a message with `routingKey` goes by these members, each once, in the order of their bytes.
  package func queues(boundBy members: [[UInt8]], routingKey: String) -> [[UInt8]] {
    let key = Array(routingKey.utf8)
    return Set(members.compactMap { binding($0) }.filter { $0.matches(key) }.map(\.queue))
      .sorted { $0.lexicographicallyPrecedes($1) }
  }
}

extension KombuKeys: CustomStringConvertible {
  /// The options that differ from the standard, as one line of JSON that `TransportOptions` reads: equal for equal
  /// names, `{}` for the standard.
  package var description: String {
    var members: [String] = []
    func put(_ name: String, _ text: [UInt8]) {
      var value: [UInt8] = []
      value.appendJSON(String(decoding: text, as: UTF8.self))
      members.append("\"\(name)\": " + String(decoding: value, as: UTF8.self))
    }
    if globalPrefix != Self.standard.globalPrefix { put("global_keyprefix", globalPrefix) }
    if separator != Self.standard.separator { put("sep", separator) }
    if prioritySteps != Self.standard.prioritySteps {
      members.append("\"priority_steps\": [\(prioritySteps.map { "\($0)" }.joined(separator: ", "))]")
    }
    return "{\(members.joined(separator: ", "))}"
  }
}
