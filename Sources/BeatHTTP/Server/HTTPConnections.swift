import BeatCore
import BeatLoop

/// All connections of a server, no more than a limit.
final class HTTPConnections {
  private let limits: HTTPLimits
  private let surroundings: any Surroundings
  private let handle: (HTTPExchange) -> Void
  private var open: [ObjectIdentifier: HTTPConnection] = [:]
  /// How many connections were refused since all others were busy.
  private(set) var refused = 0

  init(_ limits: HTTPLimits, in surroundings: any Surroundings, handle: @escaping (HTTPExchange) -> Void) {
    self.limits = limits
    self.surroundings = surroundings
    self.handle = handle
  }

  var count: Int { open.count }

  /// Takes a client's connection.
  ///
  /// - Parameter connect: makes the transport, which tells its events to the closure; nil: it could not be made.
  func take(_ peer: StreamPeer, _ connect: (@escaping (ByteStreamEvent) -> Void) -> (any ServedTransport)?) {
    guard makeRoom() else {
      refused += 1
      return
    }
    let connection = HTTPConnection(limits, from: peer, in: surroundings, handle: handle) { [weak self] in
      self?.open[ObjectIdentifier($0)] = nil
    }
    guard let transport = connect({ [unowned connection] in connection.receive($0) }) else { return }
    open[ObjectIdentifier(connection)] = connection
    connection.begin(transport)
  }

  /// Ends the connection that has been idle longest, if there is no room for one more.
  private func makeRoom() -> Bool {
    guard open.count >= limits.connections else { return true }
    var longest: (connection: HTTPConnection, since: BootTime)?
    for connection in open.values {
      guard let since = connection.idleSince else { continue }
      if longest.map({ since < $0.since }) ?? true { longest = (connection, since) }
    }
    longest?.connection.close()
    return longest != nil
  }

  func close() {
    for connection in Array(open.values) { connection.close() }
  }
}
