/// Decides which messages to an exchange go to a queue: a member of one of kombu's sets, which `KombuKeys` reads and
/// writes.
package struct QueueBinding: Hashable, Sendable {
  package var routingKey: [UInt8]
  /// A topic exchange's key as a regular expression; empty for a direct exchange.
  package var pattern: [UInt8]
  package var queue: [UInt8]

  package init(routingKey: [UInt8], pattern: [UInt8], queue: [UInt8]) {
    self.routingKey = routingKey
    self.pattern = pattern
    self.queue = queue
  }

  /// The binding that Celery declares for a queue of which it knows only the name: to a direct exchange of the same
  /// name.
  package init(queue: String) {
    self.init(routingKey: Array(queue.utf8), pattern: [], queue: Array(queue.utf8))
  }

  /// Whether a message with `key` goes to this queue. In a topic's key, `*` stands for one word and `#` for one or
  /// more, as in kombu 5.7. Unlike in AMQP, `a.#` does not match `a`.
  package func matches(_ key: [UInt8]) -> Bool {
    guard !pattern.isEmpty else { return routingKey == key }
    let words = { (text: [UInt8]) in text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) }
    return Self.matches(words(routingKey)[...], words(key)[...])
  }

  private static func matches(_ pattern: ArraySlice<ArraySlice<UInt8>>, _ words: ArraySlice<ArraySlice<UInt8>>) -> Bool
  {
    // Dynamic programming instead of backtracking: a key with many '#' costs words × pattern, not more.
    var reachable = [Bool](repeating: false, count: words.count + 1)
    reachable[0] = true
    for part in pattern {
      var next = [Bool](repeating: false, count: words.count + 1)
      if part.elementsEqual("#".utf8) {
        var any = false
        for index in words.indices {
          any = any || reachable[index]
          next[index + 1] = any
        }
      } else {
        let isStar = part.elementsEqual("*".utf8)
        for (index, word) in words.enumerated() where reachable[index] {
          next[index + 1] = isStar ? !word.isEmpty : word.elementsEqual(part)
        }
      }
      reachable = next
    }
    return reachable[words.count]
  }
}
