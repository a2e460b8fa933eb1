import Glibc

/// The number of descriptors that this process has open. Other suites run at the same time and open hundreds, so who
/// compares needs a process of its own (`processExitsWith`).
func openDescriptors() -> Int {
  guard let folder = opendir("/proc/self/fd") else { return 0 }
  defer { closedir(folder) }
  var count = 0
  while readdir(folder) != nil { count += 1 }
  return count
}

/// Takes all descriptors of this process but a few. It needs a process of its own (`processExitsWith`).
final class ScarceDescriptors {
  private var taken: [Int32] = []

  init() throws {
    var limit = rlimit(rlim_cur: 128, rlim_max: 128)
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { throw Failure("setrlimit", errno) }
  }

  /// Leaves so many descriptors that can still be opened.
  func leave(_ spare: Int) {
    while case let descriptor = dup(0), descriptor >= 0 { taken.append(descriptor) }
    for _ in 0..<min(spare, taken.count) { close(taken.removeLast()) }
  }
}
