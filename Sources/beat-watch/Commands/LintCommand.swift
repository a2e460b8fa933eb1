import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch lint`: says everything that is wrong with documents.
struct LintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint",
    abstract: "Says everything that is wrong with documents, in files or as they are stored.",
    discussion: """
      A line for each problem: place, error, warning or note, field, what stands there, and what would be right. An \
      error keeps the document from running; a warning says that it probably runs otherwise than it was meant; a note, \
      that it has done its work and does not run any more. Without arguments all stored schedules are looked at; a file holds one document a \
      line, or one over several lines. A name or glob for which there is no file means stored schedules.

        beat-watch lint schedules/*.json || exit 1
        beat-watch lint --json | \\
          jq -r '.[] | select(.level == "error").key'

      Ends with status 1 if there is an error, with --strict also if there is a warning, 66 if there is no such file and \
      no such schedule.
      """)

  @Argument(
    help: "Files, - for standard input, or names or globs of stored schedules. (default: all that are stored)",
    completion: .file())
  var sources: [String] = []

  @Flag(help: "A warning is a failure, too.")
  var strict = false

  @Flag(help: "One JSON array of objects.")
  var json = false

  @OptionGroup var store: StoreOptions

  private struct Finding {
    /// The file of the document; nil: the document is stored.
    var file: String?
    /// The stored document's key; nil: the document is in a file.
    var key: String?
    var remark: DocumentReview.Remark
  }

  func run() throws {
    let context = try store.documents()
    let files = sources.filter(InputFile.isMeant(by:))
    let names = sources.filter { !InputFile.isMeant(by: $0) }
    var findings = try inFiles(files, context)
    if sources.isEmpty || !names.isEmpty { findings += try stored(names, context) }
    var output = StandardOutput()
    if json {
      output.put(list: findings.map { Self.json($0) })
    } else {
      for finding in findings {
        let style: Style =
          switch finding.remark.level {
          case .error: .red
          case .warning: .yellow
          case .note: .cyan
          }
        let place = finding.file.map { "\($0):\(finding.remark.line)" } ?? finding.key ?? ""
        let level = style(finding.remark.level.rawValue)
        output.put("\(Style.bold(place)): \(level): \(finding.remark.content)", indent: 2)
      }
    }
    output.flush()
    let failures: [DocumentReview.Remark.Level] = strict ? [.error, .warning] : [.error]
    if findings.contains(where: { failures.contains($0.remark.level) }) { throw ExitCode.found }
  }

  private func inFiles(_ files: [String], _ context: DocumentContext) throws -> [Finding] {
    var findings: [Finding] = []
    let now = SystemClock.now()
    for file in files {
      let documents = InputFile.documents(in: try Self.read(file))
      for (index, document) in documents.enumerated() where documents.count == 1 || !document.isEmpty {
        for var remark in DocumentReview(Array(document), context: context, now: now).remarks {
          remark.line += index
          findings.append(Finding(file: file, remark: remark))
        }
      }
    }
    return findings
  }

  private static func read(_ file: String) throws -> [UInt8] {
    do { return try InputFile.read(file) } catch { throw CommandError(.missing, "\(error)") }
  }

  /// - Parameter names: names or globs; empty: all schedules.
  private func stored(_ names: [String], _ given: DocumentContext) throws -> [Finding] {
    let client =
      try names.first.map { name in try InputFile.orSchedule(name) { try store.connect() } } ?? store.connect()
    let context = try store.documents(given, on: client)
    let now = try client.time()
    var findings: [Finding] = []
    let chosen = try names.flatMap { name in
      try InputFile.orSchedule(name) { try ScheduleSelection([name]).names(in: client) }
    }
    let all = try names.isEmpty ? client.names() : []
    if names.isEmpty, let ignored = client.ignoredNames {
      findings.append(Finding(key: "\(EntryName(client.prefix))…", remark: .init(.error, ignored)))
    }
    if names.isEmpty, let leftOut = try client.leftOut() {
      findings.append(Finding(key: "\(EntryName(client.prefix))", remark: .init(.warning, leftOut.words)))
    }
    try client.eachDocument(all + Set(chosen).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }) { document in
      let key = "\(EntryName(client.place(of: document.name)))"
      let remarks: [DocumentReview.Remark]
      if let bytes = document.bytes {
        remarks =
          DocumentReview(
            bytes, context: context, now: now, stored: (document.name, document.read.watermarkState)
          ).remarks
      } else if document.isAbsent {
        remarks = []
      } else {
        let preview = SchedulePreview(document.name, document.read, context: context, now: now)
        let reason = preview.state.reason ?? ""
        remarks = [.init(.error, reason)]
      }
      findings += remarks.map { Finding(key: key, remark: $0) }
    }
    return findings
  }

  private static func json(_ finding: Finding) -> JSONOutput {
    let remark = finding.remark
    return .object([
      ("file", .text(finding.file)), ("key", .text(finding.key)), ("line", .integer(Int64(remark.line))),
      ("level", .text(remark.level.rawValue)), ("field", .text(remark.field)), ("found", .text(remark.found)),
      ("message", .text(remark.message)),
    ])
  }
}
