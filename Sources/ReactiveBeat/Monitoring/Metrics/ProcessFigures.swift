import BeatCore
import BeatLoop
import Glibc

/// What the system says of this process, under the names that Prometheus' own libraries use.
struct ProcessFigures: Equatable {
  /// Bytes; nil: the system does not tell.
  var residentMemory: Int?
  /// Microseconds.
  var processorTime: Int64?
  var startedAt: UnixTime?
  var openDescriptors: Int?
  var mostDescriptors: Int?

  init() {}

  static func read(startedAt: UnixTime?) -> ProcessFigures {
    var figures = ProcessFigures()
    figures.startedAt = startedAt
    // statm(5): pages, of which the second number are resident.
    if let pages = fields(of: "/proc/self/statm").dropFirst().first.flatMap({ Int($0) }) {
      figures.residentMemory = pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
    var time = timespec()
    if clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 {
      figures.processorTime = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
    figures.openDescriptors = openDescriptors
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      figures.mostDescriptors = Int(clamping: limit.rlim_cur)
    }
    return figures
  }

  /// When this process was started; nil: the system does not tell. After the wall clock was set it would be another time,
  /// so it is asked once.
  static func startTime(bootTime: BootTime, wallTime: UnixTime) -> UnixTime? {
    // proc(5): the program's name, in parentheses, may have spaces in it. After it come the fields from the third on,
    // and the 22nd is the start in clock ticks since boot.
    let fields = fields(of: "/proc/self/stat", after: UInt8(ascii: ")"))
    guard fields.count > 19, let ticks = Int64(fields[19]), case let perSecond = Int64(sysconf(Int32(_SC_CLK_TCK))),
      perSecond > 0
    else { return nil }
    let (scaled, overflow) = ticks.multipliedReportingOverflow(by: 1_000_000)
    guard !overflow else { return nil }
    return wallTime.advanced(by: -bootTime.microseconds(since: BootTime(microseconds: scaled / perSecond)))
  }

  private static var openDescriptors: Int? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Two names are those of folders, and one descriptor is that of this folder.
    return max(0, count - 3)
  }

  private static func fields(of path: String, after last: UInt8? = nil) -> [Substring] {
    guard let file = fopen(path, "re") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1024)
    let count = fread(&bytes, 1, bytes.count, file)
    var text = bytes.prefix(count)
    if let last, let place = text.lastIndex(of: last) { text = text[(place + 1)...] }
    return String(decoding: text, as: UTF8.self).split { $0 == " " || $0 == "\n" }
  }
}
