import BeatAMQP
import BeatCore
import BeatLoop
import BeatRedis

/// Where the workers' queues are. Printing it never shows a password.
package enum BrokerAddress: Sendable, CustomStringConvertible {
  case redis(RedisURL)
  case rabbit(AMQPBroker)

  /// - Parameters:
  ///   - text: a URL as Celery writes it: `redis://`, `rediss://`, `redis+socket://`, `sentinel://`, `amqp://`,
  ///     `amqps://`, `pyamqp://`; of RabbitMQ several, with `;` between them.
  ///   - masterName: of a `sentinel://` URL that names no primary itself.
  ///   - rule: how RabbitMQ's queues are declared that are not there.
  ///   - files: the files for RabbitMQ's TLS.
  ///
  /// Throws: what is wrong with the URL.
  package init(
    _ text: String, masterName: String? = nil, declaring rule: DeclarationRule = .none,
    files: AMQPBroker.Files = AMQPBroker.Files()
  ) throws {
    guard AMQPBroker.isMeant(by: text) else {
      guard case .none = rule, files.isEmpty else { throw OptionError.rabbitOnly }
      let url: RedisURL
      do { url = try RedisURL(text, masterName: masterName) } catch {
        throw error == .unknownScheme ? OptionError.unknownScheme : error
      }
      if case .nodes = url.location { throw OptionError.severalServers }
      self = .redis(url)
      return
    }
    self = .rabbit(try AMQPBroker(text, declaring: rule, files: files))
  }

  /// Whether the broker at an address takes no message twice, as Redis does with the daemon's scripts.
  package static func dropsRepeats(_ text: String) -> Bool { !AMQPBroker.isMeant(by: text) }

  private struct OptionError: Error, CustomStringConvertible {
    let description: String

    static let rabbitOnly = OptionError(
      description:
        "--broker-declare, --broker-ca, --broker-cert and --broker-key are for RabbitMQ; files for rediss:// are named in the URL"
    )
    // Celery takes the second only if the first is away; the queues of both would be fired into.
    static let severalServers = OptionError(
      description:
        "several servers (separated by ';') are for Sentinel only, sentinel://…: give the URL of one (a ';' in a "
        + "password is %3B)")
    static let unknownScheme = OptionError(
      description:
        "the broker is neither Redis nor RabbitMQ: the URL begins with redis://, rediss://, sentinel://, redis+socket://, amqp:// or "
        + "amqps://")
  }

  package var description: String {
    switch self {
    case .redis(let url): "\(url)"
    case .rabbit(let broker): "\(broker)"
    }
  }

  /// The address of a Redis broker; nil: the broker is another one.
  package var redis: RedisURL? { if case .redis(let url) = self { url } else { nil } }

  /// How queues are declared that are not there, as the option says it; nil: the broker has no such question.
  package var declaration: String? {
    guard case .rabbit(let broker) = self else { return nil }
    return "\(broker.declares)"
  }

  /// What the broker does not take of a document.
  package var messageRules: MessageRules {
    switch self {
    case .redis: .none
    case .rabbit: .amqp
    }
  }

  /// The form in which messages are shown to people: for RabbitMQ, whose own form is binary, that of the outbox.
  package var shownEnvelope: any MessageEnvelope {
    switch self {
    case .redis: KombuRedisEnvelope()
    case .rabbit: OutboxEnvelope()
    }
  }

  /// What the shell commands ask about queues.
  ///
  /// - Parameters:
  ///   - keyPrefix: of the documents' keys in Redis.
  ///   - transportOptions: the workers'.
  package func inspector(keyPrefix: String, transportOptions: TransportOptions) throws -> any BrokerInspector {
    switch self {
    case .redis(let url):
      return RedisBrokerInspector(url, keys: RedisKeys(prefix: keyPrefix), kombu: transportOptions.keys)
    case .rabbit(let broker):
      let loop = try EventLoop()
      return AMQPBrokerInspector(broker.dialler(on: loop), declaring: broker.declares, on: loop)
    }
  }

  /// What examines the broker for `doctor`.
  ///
  /// - Parameter store: the store, where it is Redis as well: both may be one server.
  package func doctor(
    keyPrefix: String, transportOptions: TransportOptions, defaultQueue: String, findings: FindingList,
    store: RedisStoreClient?
  ) throws -> any BrokerDoctor {
    switch self {
    case .redis(let url):
      return RedisBrokerDoctor(
        url, keys: RedisKeys(prefix: keyPrefix), transport: transportOptions, defaultQueue: defaultQueue,
        findings: findings, store: store)
    case .rabbit(let broker):
      let loop = try EventLoop()
      return AMQPBrokerDoctor(broker.dialler(on: loop), declaring: broker.declares, findings: findings, on: loop)
    }
  }
}
