import ArgumentParser
import BeatCore
import BeatLoop
import Glibc
import ReactiveBeat

/// `beat-watch web`: the page in the browser, and its API.
struct WebCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "web",
    abstract: "Serves a page that shows and changes the schedules in a browser.",
    discussion: """
      It is a process of its own beside the daemon, and works without one. It has no TLS: on another address than this \
      machine's own, put a proxy with TLS in front of it. Without a way to log in it refuses such an address, since \
      whoever reaches it may change schedules and run them.

      A way to log in: --token-file, with tokens that `beat-watch token` makes; or --trusted-proxy and --user-header, for a \
      proxy that knows its users. The API is described at /api/v1/openapi.json.

      Ends with status 0 after SIGTERM or SIGINT, 64 for a wrong option, 71 if the address cannot be listened on, 78 if \
      the file of tokens cannot be used.
      """)

  @OptionGroup var store: StoreOptions

  @Option(
    help: """
      Where it listens: an address and a port, or unix:/path. [BEAT_WATCH_WEB_LISTEN; default 127.0.0.1:9809]
      """)
  var listen: String?

  @Option(help: "The file of tokens by which people log in. [BEAT_WATCH_WEB_TOKEN_FILE]", completion: .file())
  var tokenFile: String?

  @Option(
    help: """
      The numeric address of a proxy that says who the user is, or unix for the Unix socket. \
      [BEAT_WATCH_WEB_TRUSTED_PROXY]
      """)
  var trustedProxy: String?

  @Option(
    help: "The header field in which that proxy names the user. [BEAT_WATCH_WEB_USER_HEADER; default X-Remote-User]")
  var userHeader: String?

  @Option(help: "The users who may edit, by that proxy's names, with commas; * for all. [BEAT_WATCH_WEB_EDITORS]")
  var editors: String?

  @Option(help: "A name by which browsers open the page; repeat it for several. [BEAT_WATCH_WEB_HOST, with commas]")
  var host: [String] = []

  @Flag(help: "Nobody may change anything, where there is no login.")
  var readOnly = false

  func run() throws {
    let address = try Setting("--listen", listen, "BEAT_WATCH_WEB_LISTEN", default: "127.0.0.1:9809").checked {
      try ListenAddress($0)
    }
    let login = try login()
    if case .none = login, !address.isLocal {
      throw CommandError(
        .configuration,
        "--listen \(address): others can reach this address, and nobody would have to log in. Give --token-file "
          + "(`beat-watch token` makes it), or --trusted-proxy with --user-header, or listen on 127.0.0.1")
    }
    try checkPlace()
    let source = try StoreSource(store)
    let loop = try EventLoop()
    let access = WebAccess(login, hosts: try HostRule(hosts)) { BootClock.now() }
    access.complain = { StandardError.write(line: "beat-watch web: \($0.printable)") }
    let backEnd = try WebBackEnd(source, on: loop)
    let place = WebServer.Place(store: source.url, prefix: try store.prefix(), timezone: source.timezone)
    let server = try WebServer(address, place, access, backEnd, on: loop)
    let signals = try [SIGTERM, SIGINT].map { number in try SignalSource(on: loop, signal: number) { loop.stop() } }
    StandardError.write(line: "beat-watch web: serving \(source.url) at \(Self.link(server.address ?? address))")
    loop.run()
    withExtendedLifetime(signals) {}
    server.close()
    backEnd.close()
    loop.serveReady()
  }

  /// Ends the command where waiting would not help: a cluster that has the schedules' keys on many nodes. It asks only if
  /// that may be so.
  private func checkPlace() throws {
    guard case .redis(let url) = try store.store(), url.database == 0, ClusterFit(try store.keys()) == nil else {
      return
    }
    do { try store.connect().close() } catch let error as StoreError where error.kind == .unsuitable {
      throw error
    } catch {}
  }

  private var hosts: [String] {
    guard host.isEmpty else { return host }
    return Setting.optional(nil, "BEAT_WATCH_WEB_HOST").map { $0.split(separator: ",").map(String.init) } ?? []
  }

  private func login() throws -> WebLogin {
    let file = Setting.optional(tokenFile, "BEAT_WATCH_WEB_TOKEN_FILE")
    let proxy = Setting.optional(trustedProxy, "BEAT_WATCH_WEB_TRUSTED_PROXY")
    guard file == nil || proxy == nil else {
      throw CommandError(.usage, "--token-file and --trusted-proxy are two ways to log in: give one of them")
    }
    guard !readOnly || file == nil && proxy == nil else {
      throw CommandError(.usage, "--read-only is for a page without a login: a token or a proxy's user has a role")
    }
    if let file { return .tokens(try TokenFile(file)) }
    if let proxy {
      let field = try Setting("--user-header", userHeader, "BEAT_WATCH_WEB_USER_HEADER", default: "X-Remote-User").value
      let editors = Setting.optional(editors, "BEAT_WATCH_WEB_EDITORS") ?? ""
      return .proxy(try ProxyLogin(proxy: proxy, field: field, editors: editors))
    }
    return .none(readOnly ? .viewer : .editor)
  }

  private static func link(_ address: ListenAddress) -> String {
    switch address {
    case .path: "\(address)"
    case .address("::", let port), .address("0.0.0.0", let port): "http://127.0.0.1:\(port)/ and on all other addresses"
    case .address: "http://\(address)/"
    }
  }
}
