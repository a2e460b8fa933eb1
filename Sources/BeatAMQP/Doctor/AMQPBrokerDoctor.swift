import BeatCore
import BeatLoop

/// Finds what is wrong with RabbitMQ as the broker, and how to mend it. It publishes one message, which no queue takes.
package final class AMQPBrokerDoctor: BrokerDoctor {
  private let dialler: AMQPDialler
  private let rule: DeclarationRule
  private let findings: FindingList
  private let loop: EventLoop
  private var client: AMQPClient?

  package init(
    _ dialler: AMQPDialler, declaring rule: DeclarationRule, findings: FindingList, on loop: EventLoop
  ) {
    self.dialler = dialler
    self.rule = rule
    self.findings = findings
    self.loop = loop
  }

  package var broker: (any BrokerInspector)? {
    client.map { AMQPBrokerInspector($0, dialler, declaring: rule, on: loop) }
  }

  package func examineServer() throws {
    let client: AMQPClient
    do throws(StoreError) { client = try AMQPClient(dialler, on: loop) } catch {
      return findings.add(
        .problem, "broker", error.message,
        fix: error.kind == .denied
          ? "correct the user, the password or the virtual host in --broker-url (CELERY_BROKER_URL), or RabbitMQ's own"
          : "start it, or correct --broker-url (CELERY_BROKER_URL)")
    }
    self.client = client
    for reason in client.failures {
      findings.add(
        .warning, "broker", reason,
        fix: "mend it, or take it out of --broker-url: the daemon goes to the next one of its URLs")
    }
    findings.add(
      .ok, "broker",
      "\(client.words.server) is \(client.server): messages go through the outbox, and each arrives at least once")
    // Measured with 4.0: its classic queues confirm a message before it is on the disk, and its quorum queues after.
    if let major = client.server.major, major >= 4 {
      findings.add(
        .ok, "broker",
        "RabbitMQ \(major) confirms messages of classic queues before they are on its disk: a loss of power can lose them; "
          + "quorum queues write first")
    }
    examineTransport()
  }

  private func examineTransport() {
    for server in dialler.plainRemotes {
      findings.add(
        .warning, "tls",
        "the broker at \(server) is spoken to without TLS: tasks and the password can be read on the way",
        fix: "amqps:// in the URL, where RabbitMQ has TLS, with --broker-ca of your authority")
    }
  }

  package func examineRights() throws {
    guard let client else { return }
    var result = AMQPRehearsal.Result.silent
    loop.wait { done in
      rehearsal = AMQPRehearsal(client.dialler, publishes: true, in: loop) {
        result = $0
        done()
      }
    }
    rehearsal = nil
    let words = client.words
    switch result {
    case .passed:
      findings.add(
        .ok, "rights", "\(words.who) may send to the queues of \(words.virtualHost); exchanges are not tried")
    case .blocked(let reason):
      findings.add(
        .problem, "alarms", words.blocked(reason),
        fix: "give it memory or disk, or let workers take what waits; rabbitmq-diagnostics alarms")
    case .silent:
      findings.add(
        .problem, "rights", words.at("it has not said within 2 s whether it takes a message"),
        fix: "on its machine: rabbitmq-diagnostics check_running, and rabbitmq-diagnostics alarms")
    case .failed(let reason): findings.add(.problem, "rights", reason, fix: words.grant())
    }
  }

  private var rehearsal: AMQPRehearsal?

  /// A message to a queue needs the right to the default exchange only, which `examineRights` has tried.
  package func examineRights(to queues: Set<[UInt8]>) throws {}

  /// Workers and the daemon call queues by the same names: RabbitMQ has no prefixes.
  package func examineNames(of queues: Set<[UInt8]>) throws {}

  package func remedy(forHidden rights: Set<String>) -> String {
    "a queue that one connection has for itself (exclusive) cannot be looked at"
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension AMQPBrokerDoctor: Sendable {}
