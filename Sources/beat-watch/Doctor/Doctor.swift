import BeatCore
import ReactiveBeat

/// Looks at an installation from its store to the workers, and says what to change. It writes nothing but two heartbeats
/// of nobody, for a moment.
final class Doctor {
  let client: StoreClient
  /// On the broker's server; nil: it cannot be reached.
  var broker: StoreClient?
  let brokerURL: RedisURL
  let transport: TransportOptions
  /// The workers' names for queues and bindings.
  var kombu: KombuKeys { transport.keys }
  let context: DocumentContext
  let timezone: String
  let defaultQueue: String
  var areTwoServers = false
  var isFiring = false
  /// The daemons, as they were looked at.
  var fleet: Fleet?
  private(set) var findings: [Finding] = []
  private let report: (Finding) -> Void

  init(
    _ client: StoreClient, broker: RedisURL, transport: TransportOptions, context: DocumentContext,
    defaultQueue: String, report: @escaping (Finding) -> Void
  ) {
    self.client = client
    brokerURL = broker
    self.transport = transport
    self.context = context
    timezone = context.defaultZone.name
    self.defaultQueue = defaultQueue
    self.report = report
  }

  func add(_ level: Finding.Level, _ check: String, _ text: String, fix: String? = nil) {
    let finding = Finding(level: level, check: check, text: text, fix: fix)
    findings.append(finding)
    report(finding)
  }

  /// All of it, in the order in which one thing stands on the other.
  func examine() {
    let looks: [(String, () throws -> Void)] = [
      ("server", examineServer), ("clock", examineClock), ("broker", examineBroker), ("daemons", examineDaemons),
      ("notifications", examineNotifications), ("rights", examineRights), ("keys", examineKeys),
      ("documents", examineDocuments),
    ]
    for (check, look) in looks {
      do { try look() } catch {
        add(.problem, check, "could not be looked at: \((error as? StoreError)?.message ?? "\(error)")")
      }
    }
  }

  /// What is due is due by the clock of the daemon that leads.
  var dueContext: DocumentContext {
    guard let name = fleet?.firing.first?.record?.timezone, let zone = try? ZoneDirectory().zone(name) else {
      return context
    }
    var theirs = context
    theirs.defaultZone = zone
    return theirs
  }

  /// `redis-cli` for a URL's server and database, ready for a command behind it. Without the URL's user: who may not do
  /// something cannot allow it either.
  static func cli(_ url: RedisURL) -> String {
    var text = "redis-cli"
    switch url.endpoint {
    case .unix(let path)?: text += " -s \(quoted(path))"
    case .tcp(let host, let port)?:
      text += (host == "localhost" ? "" : " -h \(host)") + (port == 6379 ? "" : " -p \(port)")
    case nil: text += " -h PRIMARY"
    }
    if url.security != nil { text += " --tls" }
    if url.password != nil { text += " --askpass" }
    return url.database == 0 ? text : text + " -n \(url.database)"
  }

  /// A word for a shell.
  static func quoted(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        $0.isASCII
          && ($0.properties.isAlphabetic || $0.properties.numericType != nil
            || ":/._-+,=@%".unicodeScalars.contains($0))
      }
    return isPlain ? text : "'\(text.replacing("'", with: #"'\''"#))'"
  }

  var cli: String { Self.cli(client.url) }
}
