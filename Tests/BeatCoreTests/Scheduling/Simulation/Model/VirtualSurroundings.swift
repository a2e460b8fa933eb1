@testable import BeatCore

/// Clocks, timers and turns of the loop that move only when a test moves them.
final class VirtualSurroundings: Surroundings {
  /// The true time.
  var now: UnixTime
  /// How far the machine's wall clock is from the true time; microseconds. The clock since boot is always right.
  let offset: Int64
  private var chance: SeededChance
  private var timers: [Weak] = []
  private var works: [() -> Void] = []
  private var trailing: [() -> Void] = []

  private struct Weak { weak var timer: VirtualTimer? }

  init(at now: UnixTime, offset: Int64, seed: UInt64) {
    self.now = now
    self.offset = offset
    chance = SeededChance(seed: seed)
  }

  static func boot(_ time: UnixTime) -> BootTime { BootTime(microseconds: time.microseconds) }

  var bootTime: BootTime { Self.boot(now) }
  var wallTime: UnixTime { now.advanced(by: offset) }
  func releaseMemory() {}
  func random(in range: ClosedRange<Int64>) -> Int64 {
    Int64(chance.number(Int(range.lowerBound)...Int(range.upperBound)))
  }

  func makeTimer(_ handler: @escaping () -> Void) -> any DeadlineTimer { makeTimer(isAlarm: false, handler) }
  func makeAlarm(_ handler: @escaping () -> Void) -> any Alarm { makeTimer(isAlarm: true, handler) }

  private func makeTimer(isAlarm: Bool, _ handler: @escaping () -> Void) -> VirtualTimer {
    let timer = VirtualTimer(of: self, isAlarm: isAlarm, handler)
    timers.removeAll { $0.timer == nil }
    timers.append(Weak(timer: timer))
    return timer
  }

  func soon(_ work: @escaping () -> Void) { works.append(work) }
  func afterWriting(_ work: @escaping () -> Void) { trailing.append(work) }

  // MARK: moving time

  /// Runs the work at this time, and all work that follows from it without a timer.
  func turn(at time: UnixTime, _ work: () -> Void) {
    now = time
    work()
    while !works.isEmpty || !trailing.isEmpty {
      let (late, next) = (trailing, works)
      (trailing, works) = ([], [])
      for work in late { work() }
      for work in next { work() }
    }
  }

  private var armed: [VirtualTimer] { timers.compactMap(\.timer).filter { $0.target != nil } }

  /// The true time at which the next timer goes off.
  var nextWake: UnixTime? {
    armed.compactMap(\.target).min().map { UnixTime(microseconds: $0.microseconds) }
  }

  /// The timer that is due first at this time.
  func due(at time: UnixTime) -> VirtualTimer? {
    armed.filter { $0.target.map { $0 <= Self.boot(time) } ?? false }
      .min { ($0.target ?? .distant, $0.isAlarm ? 0 : 1) < ($1.target ?? .distant, $1.isAlarm ? 0 : 1) }
  }
}

extension BootTime {
  fileprivate static let distant = BootTime(microseconds: .max)
}

/// A timer of virtual time.
final class VirtualTimer: DeadlineTimer, Alarm {
  private(set) var target: BootTime?
  let isAlarm: Bool
  private unowned let surroundings: VirtualSurroundings
  private let handler: () -> Void

  init(of surroundings: VirtualSurroundings, isAlarm: Bool, _ handler: @escaping () -> Void) {
    self.surroundings = surroundings
    self.isAlarm = isAlarm
    self.handler = handler
  }

  var isScheduled: Bool { target != nil }
  func schedule(after microseconds: Int64) { target = surroundings.bootTime.advanced(by: max(0, microseconds)) }
  func arm(at time: BootTime?) { target = time }
  func cancel() { target = nil }

  func goOff() {
    target = nil
    handler()
  }
}
