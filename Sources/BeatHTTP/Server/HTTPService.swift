import BeatLoop

/// What a server does with requests.
package struct HTTPService {
  /// Answers a request, now or later.
  package var handle: (HTTPExchange) -> Void
  /// Looks at a request whose body is about to come, and refuses it by a response; nil: the body may come. So nobody
  /// fills the memory with what would be refused in the end.
  package var refuse: (HTTPRequest, StreamPeer) -> HTTPResponse?
  /// What the server's own refusals carry, as of a request that cannot be read.
  package var fields: [(name: String, value: String)]

  package init(
    fields: [(name: String, value: String)] = [],
    refuse: @escaping (HTTPRequest, StreamPeer) -> HTTPResponse? = { _, _ in nil },
    handle: @escaping (HTTPExchange) -> Void
  ) {
    (self.fields, self.refuse, self.handle) = (fields, refuse, handle)
  }
}
