import BeatCore
import BeatLoop
import BeatRedis

/// Where the workers' queues are. Printing it never shows a password.
package enum BrokerAddress: Sendable, CustomStringConvertible {
  case redis(RedisURL)

  /// - Parameters:
  ///   - text: a URL as Celery writes it: `redis://`, `rediss://`, `redis+socket://`, `sentinel://`.
  ///   - masterName: of a `sentinel://` URL that names no primary itself.
  ///
  /// Throws: what is wrong with the URL.
  package init(_ text: String, masterName: String? = nil) throws {
    self = .redis(try RedisURL(text, masterName: masterName))
  }

  package var description: String {
    switch self {
    case .redis(let url): "\(url)"
    }
  }

  /// The address of a Redis broker; nil: the broker is another one.
  package var redis: RedisURL? { if case .redis(let url) = self { url } else { nil } }

  /// What the shell commands ask about queues.
  ///
  /// - Parameters:
  ///   - keyPrefix: of the documents' keys in Redis.
  ///   - transportOptions: the workers'.
  package func inspector(keyPrefix: String, transportOptions: TransportOptions) -> any BrokerInspector {
    switch self {
    case .redis(let url):
      RedisBrokerInspector(url, keys: RedisKeys(prefix: keyPrefix), kombu: transportOptions.keys)
    }
  }

  /// What examines the broker for `doctor`.
  ///
  /// - Parameter store: the store, where it is Redis as well: both may be one server.
  package func doctor(
    keyPrefix: String, transportOptions: TransportOptions, defaultQueue: String, findings: FindingList,
    store: RedisStoreClient?
  ) -> any BrokerDoctor {
    switch self {
    case .redis(let url):
      RedisBrokerDoctor(
        url, keys: RedisKeys(prefix: keyPrefix), transport: transportOptions, defaultQueue: defaultQueue,
        findings: findings, store: store)
    }
  }
}
