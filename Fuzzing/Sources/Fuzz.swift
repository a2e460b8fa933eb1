import Glibc

/// `fuzz TARGET [libFuzzer's options and folders]` fuzzes. `fuzz --seeds TARGET FOLDER` writes the seeds. `fuzz
/// --targets` lists the targets.
@main enum Fuzz {
  static let targets =
    FuzzTarget.core + FuzzTarget.forms + FuzzTarget.redis + FuzzTarget.mongo + FuzzTarget.amqp
    + FuzzTarget.http

  static func main() {
    let words = CommandLine.arguments
    switch words.dropFirst().first {
    case "--targets": for target in targets { print(target.name) }
    case "--seeds" where words.count == 4: writeSeeds(of: target(words[2]), into: words[3])
    case let name?: fuzz(target(name))
    case nil: usage()
    }
  }

  private static func target(_ name: String) -> FuzzTarget {
    guard let target = targets.first(where: { $0.name == name }) else { usage() }
    return target
  }

  private static func usage() -> Never {
    say("usage: fuzz TARGET [options of libFuzzer]; targets: \(targets.map(\.name).joined(separator: " "))")
    exit(64)
  }

  private static func say(_ text: String) {
    let line = Array((text + "\n").utf8)
    Glibc.write(STDERR_FILENO, line, line.count)
  }

  // MARK: seeds

  private static func writeSeeds(of target: FuzzTarget, into folder: String) {
    for (index, seed) in target.seeds().enumerated() where !seed.isEmpty {
      write(seed, to: "\(folder)/seeds/\(index)")
    }
    // The words are written as libFuzzer's -dict expects them.
    let words = target.words.map { word in
      "\"" + word.utf8.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\"\n"
    }
    write(Array(words.joined().utf8), to: "\(folder)/words")
  }

  private static func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "wb") else {
      say("fuzz: \(path) cannot be written")
      exit(73)
    }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  // MARK: libFuzzer

  // It is set once, before libFuzzer's driver starts on the only thread.
  nonisolated(unsafe) private static var chosen: FuzzTarget?

  /// This thread's processor time in microseconds.
  private static var cpuTime: Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
  }

  private static func fuzz(_ target: FuzzTarget) {
    chosen = target
    var count = CommandLine.argc - 1
    // libFuzzer gets the program's name, then the arguments after the target's.
    var arguments = CommandLine.unsafeArgv + 1
    arguments[0] = CommandLine.unsafeArgv[0]
    exit(
      runDriver(&count, &arguments) { start, count in
        let bytes = Array(UnsafeBufferPointer(start: start, count: count))
        let start = Fuzz.cpuTime
        do {
          try Fuzz.chosen?.check(bytes)
          // Processor time is measured, and no wall-clock time, since other processes may delay this one. Every input
          // takes some milliseconds at most.
          let time = Fuzz.cpuTime - start
          try hold(time < 1_000_000, "\(time) microseconds for one input")
        } catch {
          Fuzz.say("broken: \(error)")
          abort()
        }
        return 0
      })
  }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
