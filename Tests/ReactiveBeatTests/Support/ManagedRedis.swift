import Glibc
import Testing

/// What a provider's proxy refuses, by `Tests/Servers/providers.tsv`.
struct ManagedRedis: Sendable, CustomTestStringConvertible {
  /// Who can switch notifications on there.
  enum Switch: String, Sendable { case `operator`, client, never }

  let name: String
  private let rules: [(rule: String, value: String)]

  var testDescription: String { name }

  /// All providers of the file, in its order.
  static func all() throws -> [ManagedRedis] {
    let path = ProjectFolder.root + "/Tests/Servers/providers.tsv"
    guard let file = fopen(path, "re") else { throw Failure(path, errno) }
    defer { fclose(file) }
    var names: [String] = []
    var rules: [String: [(String, String)]] = [:]
    var line = [CChar](repeating: 0, count: 4096)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let columns = text.dropLast().split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard !text.hasPrefix("#") else { continue }
      guard columns.count == 4, columns.allSatisfy({ !$0.isEmpty }) else { throw Failure("\(path): \(text)", 0) }
      if rules[columns[0]] == nil { names.append(columns[0]) }
      rules[columns[0], default: []].append((columns[1], columns[2]))
    }
    return names.map { ManagedRedis(name: $0, rules: rules[$0] ?? []) }
  }

  static func named(_ name: String) throws -> ManagedRedis {
    guard let found = try all().first(where: { $0.name == name }) else { throw Failure("no provider \(name)", 0) }
    return found
  }

  private func values(_ rule: String) -> [String] { rules.filter { $0.rule == rule }.map(\.value) }

  var notifications: Switch { values("notifications").first.flatMap(Switch.init) ?? .never }
  var hasOneDatabase: Bool { !values("databases").isEmpty }
  /// Whether CLIENT TRACKING with another connection works, which is what a daemon falls back to.
  var hasTracking: Bool {
    !values("unknown").contains { ["CLIENT", "CLIENT TRACKING"].contains($0) } && values("tracking").isEmpty
  }
  /// How many connections it accepts; nil: any number.
  var connections: Int? { values("connections").first.flatMap { Int($0) } }
  /// Milliseconds after which an idle connection is closed, with every second as `scale` of them; nil: never.
  func idle(scale: Int) -> Int? { values("idle").first.flatMap { Int($0) }.map { $0 * scale } }

  /// redis-server's options behind the proxy.
  ///
  /// - Parameter isSwitchedOn: the operator has switched notifications on.
  func server(isSwitchedOn: Bool) -> [String] {
    (hasOneDatabase ? ["--databases", "1"] : []) + (isSwitchedOn ? ["--notify-keyspace-events", "KA"] : [])
  }

  /// What the proxy answers to a request in the server's place; nil: the request goes to the server.
  func answer(to words: [[UInt8]]) -> [UInt8]? {
    let words = words.prefix(3).map { String(decoding: $0, as: UTF8.self).uppercased() }
    guard let command = words.first else { return nil }
    let both = words.prefix(2).joined(separator: " ")
    func line(_ text: String) -> [UInt8] { Array("\(text)\r\n".utf8) }
    if values("unknown").contains(where: { $0 == command || $0 == both }) {
      return line("-ERR unknown command '\(command)', with args beginning with: ")
    }
    if values("noperm").contains(where: { $0 == command || $0 == both }) {
      return line("-NOPERM this user has no permissions to run the '\(command.lowercased())' command")
    }
    switch (command, words.dropFirst().first ?? "") {
    case ("SELECT", let database):
      switch values("databases").first {
      case "ignored": return line("+OK")
      case "refused": return line("-ERR unknown command 'SELECT', with args beginning with: ")
      case "one" where database != "0": return line("-ERR DB index is out of range")
      default: return nil
      }
    case ("CONFIG", _):
      let settings = values("config").map { $0.uppercased() }
      guard !settings.isEmpty, let setting = words.dropFirst(2).first, !settings.contains(setting) else { return nil }
      return line("-ERR Unsupported CONFIG parameter: \(setting.lowercased())")
    case ("CLIENT", "TRACKING") where values("tracking").first == "resp3":
      return line("-ERR Client tracking can be enabled only with RESP3")
    default: return nil
    }
  }

  /// The sections of INFO that the provider has.
  func censored(_ info: [UInt8]) -> [UInt8] {
    let sections = values("info")
    guard !sections.isEmpty, info.first == UInt8(ascii: "$") else { return info }
    let text = String(decoding: info.drop { $0 != UInt8(ascii: "\n") }.dropFirst().dropLast(2), as: UTF8.self)
    var kept = ""
    var isKept = false
    for line in text.split(separator: "\r\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("# ") { isKept = sections.contains(String(line.dropFirst(2))) }
      if isKept { kept += line + "\r\n" }
    }
    return Array(RESP.bulk(kept).utf8)
  }
}
