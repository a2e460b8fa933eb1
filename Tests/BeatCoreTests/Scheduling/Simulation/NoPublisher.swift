@testable import BeatCore

/// The broker of a simulation that delivers directly: no message goes through an outbox.
final class NoPublisher: Publisher {
  var dropsRepeats: Bool { true }
  func connect(while leads: @escaping () -> Bool, then event: @escaping (PublisherEvent) -> Void) {}
  func disconnect() {}
  func lane(of route: Route, priority: Int64) -> Lane { Lane([]) }
  func resolve(_ items: [OutboxItem], then: @escaping ([Destination]) -> Void) {}
  func publish(
    _ item: OutboxItem, to destination: Destination, after predecessors: [TaskID],
    then: @escaping (PublishOutcome) -> Void
  ) {}
  func forgotten(_ item: OutboxItem) {}
  func rehearse(then: @escaping (String?) -> Void) {}
  func cancelRehearsal() {}
  func probe(then: @escaping (String?) -> Void) {}
  func cancelProbe() {}
}
