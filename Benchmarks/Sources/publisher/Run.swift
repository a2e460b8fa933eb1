import BeatAMQP
import BeatCore
import BeatLoop
import Glibc
import Wire

/// Publishes items as the relay does, with no store: each is forgotten when it is confirmed, and the next one follows.
final class Run {
  /// So many items are resolved together, as the relay does.
  private static let page = 128

  private let items: [OutboxItem]
  private let window: Int
  private let loop: EventLoop
  private let publisher: AMQPPublisher
  private var destinations: [Destination] = []
  private var next = 0
  private var confirmed = 0
  private var began: (time: Int64, processor: Int64) = (0, 0)
  private var ended: (time: Int64, processor: Int64) = (0, 0)

  init(of items: [OutboxItem], to broker: AMQPBroker, window: Int) throws {
    self.items = items
    self.window = window
    loop = try EventLoop()
    publisher = AMQPPublisher(broker.dialler(on: loop), declaring: nil, in: loop)
  }

  /// The nanoseconds from the first message to the last confirm, and those of the processor.
  func measure() -> (time: Int64, processor: Int64) {
    publisher.connect {
      true
    } then: { [unowned self] event in
      switch event {
      case .ready:
        began = (now(), now(CLOCK_PROCESS_CPUTIME_ID))
        for _ in 0..<min(window, items.count) { publishNext() }
      case .blocked(let reason), .lost(let reason, _): fail(reason)
      case .unblocked: break
      }
    }
    loop.run()
    publisher.disconnect()
    loop.serveReady()
    return (ended.time - began.time, ended.processor - began.processor)
  }

  private func publishNext() {
    guard next < items.count else { return }
    if next == destinations.count {
      publisher.resolve(Array(items[next..<min(next + Self.page, items.count)])) { [unowned self] in destinations += $0
      }
    }
    let item = items[next]
    next += 1
    publisher.publish(item, to: destinations[next - 1], after: []) { [unowned self] outcome in
      guard case .delivered = outcome else { fail("\(item.taskID): \(outcome)") }
      publisher.forgotten(item)
      confirmed += 1
      guard confirmed < items.count else {
        ended = (now(), now(CLOCK_PROCESS_CPUTIME_ID))
        return loop.stop()
      }
      publishNext()
    }
  }
}
