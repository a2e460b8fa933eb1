import BeatLoop

/// An HTTP/1.1 server on an event loop. It belongs to the loop's thread.
///
/// It is a server for few clients: it bounds their number, what they send and how long they take, so that whatever runs
/// on the same loop has its turn. It knows no TLS, no compression, no chunks in requests and no upgrade; a proxy in front
/// of it does.
package final class HTTPServer {
  private let listener: StreamListener
  private let connections: HTTPConnections

  /// Begins to listen.
  ///
  /// Throws: the address cannot be listened on. The text says what to do.
  package init(
    on address: ListenAddress, limits: HTTPLimits, loop: EventLoop, _ service: HTTPService
  ) throws(EventLoopError) {
    let connections = HTTPConnections(limits, in: loop, service)
    self.connections = connections
    listener = try StreamListener(on: address, loop: loop) { peer, take in
      connections.take(peer) { take($0) }
    }
  }

  /// Where the server listens, with the port that the system has chosen where 0 was asked for.
  package var address: ListenAddress { listener.address }
  package var connectionCount: Int { connections.count }
  /// How many connections were refused since all others were busy.
  package var refusedCount: Int { connections.refused }

  /// Ends all connections, and listens no more.
  package func close() {
    listener.close()
    connections.close()
  }
}
