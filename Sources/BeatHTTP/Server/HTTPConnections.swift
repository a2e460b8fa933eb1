import BeatCore
import BeatLoop

/// All connections of a server, no more than a limit.
final class HTTPConnections {
  private let limits: HTTPLimits
  private let surroundings: any Surroundings
  private let service: HTTPService
  private var open: [ObjectIdentifier: HTTPConnection] = [:]
  /// How many connections were refused since all others were busy.
  private(set) var refused = 0

  init(_ limits: HTTPLimits, in surroundings: any Surroundings, _ service: HTTPService) {
    self.limits = limits
    self.surroundings = surroundings
    self.service = service
  }

  var count: Int { open.count }
  /// How many bytes of bodies are still to come, as the clients have announced them.
  var announced: Int { open.values.reduce(0) { $0 + $1.announced } }

  /// Takes a client's connection.
  ///
  /// - Parameter connect: makes the transport, which tells its events to the closure; nil: it could not be made.
  func take(_ peer: StreamPeer, _ connect: (@escaping (ByteStreamEvent) -> Void) -> (any ServedTransport)?) {
    guard makeRoom() else {
      refused += 1
      return
    }
    let connection = HTTPConnection(limits, from: peer, in: surroundings, service, among: self)
    guard let transport = connect({ [unowned connection] in connection.receive($0) }) else { return }
    open[ObjectIdentifier(connection)] = connection
    connection.begin(transport)
  }

  func remove(_ connection: HTTPConnection) { open[ObjectIdentifier(connection)] = nil }

  /// Ends one connection if there is no room for one more: one that is leaving, else the one that has waited longest for
  /// a whole request. Such a request comes in some milliseconds, so clients that hold connections open keep nobody out.
  private func makeRoom() -> Bool {
    guard open.count >= limits.connections else { return true }
    var longest: (connection: HTTPConnection, since: BootTime)?
    for connection in open.values {
      if connection.isLeaving {
        connection.close()
        return true
      }
      guard let since = connection.waitingSince else { continue }
      if longest.map({ since < $0.since }) ?? true { longest = (connection, since) }
    }
    longest?.connection.close()
    return longest != nil
  }

  func close() {
    for connection in Array(open.values) { connection.close() }
  }
}
