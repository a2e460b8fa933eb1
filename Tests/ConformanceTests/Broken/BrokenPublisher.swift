@testable import BeatCore

/// What a publisher's author may get wrong, and the case that finds it.
enum PublisherFault: String, CaseIterable, Sendable {
  case aRefusalCountsAsDelivered, aRepeatIsNotKnown, anUnknownOutcomeCountsAsDone, messagesOvertakeEachOther
  case answersInside, aLossIsNotTold, predecessorsDoNotCount, destinationsAreInAnotherOrder, allShareOneLane
  case aRehearsalCannotBeCancelled, aLookFindsNothing

  /// The case that must find it.
  var caughtBy: String {
    switch self {
    case .aRefusalCountsAsDelivered: "a queue that holds another type is refused with a reason, and others go on"
    case .aRepeatIsNotKnown: "a repeat is dropped and told, where that is promised"
    case .anUnknownOutcomeCountsAsDone: "a connection that dies gives \"unknown\", and not \"done\""
    case .messagesOvertakeEachOther: "messages that are published one after the other arrive in that order"
    case .answersInside: "each message of a batch has an outcome, and lies on its queue as it was"
    case .aLossIsNotTold: "a broker that is away is lost with a reason, and is found when it is back"
    case .predecessorsDoNotCount:
      "a message whose predecessor is not there does not overtake it, where repeats are known"
    case .destinationsAreInAnotherOrder: "each message of a batch has an outcome, and lies on its queue as it was"
    case .allShareOneLane: "a lane is a queue with its priority, or an exchange with its routing key"
    case .aRehearsalCannotBeCancelled: "a rehearsal and a look that were cancelled are not answered"
    case .aLookFindsNothing: "a rehearsal and a look tell what is in the way where the broker is away"
    }
  }
}

/// The model of a broker whose publishers have one wrong method.
final class BrokenPublisherStage: PublisherStage {
  private let fault: PublisherFault
  private let sound = ModelPublisherStage()

  init(_ fault: PublisherFault) { self.fault = fault }

  func publisher() -> any Publisher { BrokenPublisher(sound.publisher(), fault) }
  func wait(_ microseconds: Int64, until isMet: () -> Bool) -> Bool { sound.wait(microseconds, until: isMet) }
  func messages(in queue: String) -> [[UInt8]] { sound.messages(in: queue) }
  func form(of item: OutboxItem) -> [UInt8] { sound.form(of: item) }
  func spoil(queue: String) { sound.spoil(queue: queue) }
  func bind(queue: String, to exchange: String, routingKey: String) {
    sound.bind(queue: queue, to: exchange, routingKey: routingKey)
  }
  func cut() { sound.cut() }
  func loseAnswers() { sound.loseAnswers() }
  var isRunning: Bool {
    get { sound.isRunning }
    set { sound.isRunning = newValue }
  }
}

private final class BrokenPublisher: Publisher {
  private let sound: any Publisher
  private let fault: PublisherFault
  private var published = 0
  /// A message that waits until another has overtaken it.
  private var waiting: (() -> Void)?

  init(_ sound: any Publisher, _ fault: PublisherFault) { (self.sound, self.fault) = (sound, fault) }

  var dropsRepeats: Bool { sound.dropsRepeats }

  func connect(while leads: @escaping () -> Bool, then event: @escaping (PublisherEvent) -> Void) {
    sound.connect(while: leads) { [fault] told in
      if case .lost = told, fault == .aLossIsNotTold { return }
      event(told)
    }
  }

  func disconnect() { sound.disconnect() }

  func lane(of route: Route, priority: Int64) -> Lane {
    fault == .allShareOneLane ? Lane([]) : sound.lane(of: route, priority: priority)
  }

  func resolve(_ items: [OutboxItem], then: @escaping ([Destination]) -> Void) {
    sound.resolve(fault == .destinationsAreInAnotherOrder ? items.reversed() : items, then: then)
  }

  func publish(
    _ item: OutboxItem, to destination: Destination, after predecessors: [TaskID],
    then completion: @escaping (PublishOutcome) -> Void
  ) {
    var (item, before) = (item, fault == .predecessorsDoNotCount ? [] : predecessors)
    published += 1
    switch fault {
    case .aRepeatIsNotKnown: item.taskID = TaskID(text: "\(item.taskID)-\(published)")
    case .answersInside: completion(.delivered)
    default: break
    }
    if fault == .aRepeatIsNotKnown || fault == .messagesOvertakeEachOther { before = [] }
    func send() {
      sound.publish(item, to: destination, after: before) { [fault] outcome in
        switch (outcome, fault) {
        case (.refused, .aRefusalCountsAsDelivered), (.unknown, .anUnknownOutcomeCountsAsDone): completion(.delivered)
        case (_, .answersInside): break
        default: completion(outcome)
        }
      }
    }
    guard fault == .messagesOvertakeEachOther else { return send() }
    let overtaken = waiting
    waiting = overtaken == nil ? send : nil
    if overtaken != nil { send() }
    overtaken?()
  }

  func forgotten(_ item: OutboxItem) { sound.forgotten(item) }
  func rehearse(then: @escaping (String?) -> Void) { sound.rehearse(then: then) }
  func cancelRehearsal() { if fault != .aRehearsalCannotBeCancelled { sound.cancelRehearsal() } }
  func probe(then: @escaping (String?) -> Void) {
    sound.probe { [fault] in then(fault == .aLookFindsNothing ? nil : $0) }
  }
  func cancelProbe() { sound.cancelProbe() }
}
