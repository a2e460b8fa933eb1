internal import CHiredisAsync
import Glibc
import Synchronization

/// Turns a host name into addresses without stopping the loop. getaddrinfo may wait for seconds on a dead DNS server,
/// and hiredis would call it on the loop's thread.
///
/// An address needs no thread and no lookup. For a name, one short-lived thread asks the resolver, and wakes the loop
/// by an eventfd.
package final class HostLookup {
  package enum Outcome: Sendable {
    /// Numeric addresses, best first, at most `maximumAddresses`.
    case addresses([String])
    /// The resolver found no address, for this reason in its words.
    case failed(String)
  }

  static let maximumAddresses = 8
  /// The largest number of threads that wait for a resolver at one time, in the whole process. A dead resolver holds
  /// each for up to half a minute, while connections are tried again more often than that.
  static let maximumThreads = 8

  private let loop: EventLoop
  private let answer: LookupAnswer
  private var completion: ((Outcome) -> Void)?
  private var event: OpaquePointer?

  /// `host` itself if it is an address; nil if it is a name.
  package static func address(_ host: String) -> String? {
    var buffer = in6_addr()
    return inet_pton(AF_INET, host, &buffer) == 1 || inet_pton(AF_INET6, host, &buffer) == 1 ? host : nil
  }

  /// Starts a lookup. `completion` runs once on the loop, unless `cancel()` comes first. Until then, the lookup keeps
  /// what `completion` captures.
  package init(of host: String, on loop: EventLoop, completion: @escaping (Outcome) -> Void) {
    self.loop = loop
    self.completion = completion
    answer = LookupAnswer(host: host)
    event = event_new(
      loop.base, answer.descriptor, Int16(EV_READ),
      { _, _, lookup in lookup.map { HostLookup.from($0).answered() } }, Unmanaged.passUnretained(self).toOpaque())
    guard answer.descriptor >= 0, event != nil, event_add(event, nil) == 0, answer.start() else {
      let reason = "no descriptor or thread is left for the name lookup; is the name server answering?"
      loop.soon { [self] in finish(.failed(reason)) }
      return
    }
  }

  /// Forgets the lookup. Its thread ends by itself.
  package func cancel() { completion = nil }

  private func answered() { finish(answer.outcome ?? .failed("the name lookup ended without an answer")) }

  private func finish(_ outcome: Outcome) {
    let completion = completion
    self.completion = nil
    completion?(outcome)
  }

  deinit {
    if let event { event_free(event) }
  }

  private static func from(_ context: UnsafeMutableRawPointer) -> HostLookup {
    Unmanaged<HostLookup>.fromOpaque(context).takeUnretainedValue()
  }
}

/// The result, which the lookup's thread and the loop share under a lock. The last of the two to release it closes the
/// descriptor.
private final class LookupAnswer: Sendable {
  let descriptor: Int32
  private let host: String
  private let result = Mutex<HostLookup.Outcome?>(nil)
  private static let threads = Atomic<Int>(0)

  init(host: String) {
    self.host = host
    descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  var outcome: HostLookup.Outcome? { result.withLock { $0 } }

  /// Starts the thread; false if there are too many, or if the system refuses one.
  func start() -> Bool {
    guard LookupAnswer.threads.add(1, ordering: .relaxed).newValue <= HostLookup.maximumThreads else {
      LookupAnswer.threads.subtract(1, ordering: .relaxed)
      return false
    }
    do throws(EventLoopError) {
      try OwnThread.start(stackSize: 512 * 1024) { [self] in look() }
    } catch {
      LookupAnswer.threads.subtract(1, ordering: .relaxed)
      return false
    }
    return true
  }

  private func look() {
    let outcome = addresses()
    result.withLock { $0 = outcome }
    LookupAnswer.threads.subtract(1, ordering: .relaxed)
    var one: UInt64 = 1
    write(descriptor, &one, MemoryLayout<UInt64>.size)
  }

  private func addresses() -> HostLookup.Outcome {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &list)
    guard status == 0 else { return .failed(String(cString: gai_strerror(status))) }
    defer { freeaddrinfo(list) }
    var found: [String] = []
    var next = list
    while let entry = next, found.count < HostLookup.maximumAddresses {
      next = entry.pointee.ai_next
      let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { buffer -> String? in
        let status = getnameinfo(
          entry.pointee.ai_addr, entry.pointee.ai_addrlen, buffer.baseAddress, socklen_t(buffer.count), nil, 0,
          NI_NUMERICHOST)
        return status == 0 ? buffer.baseAddress.map { String(cString: $0) } : nil
      }
      if let text, !found.contains(text) { found.append(text) }
    }
    return found.isEmpty ? .failed("the name has no address") : .addresses(found)
  }
}
