internal import CHiredisAsync
import Glibc

/// The memory that the process holds, and no longer needs once all schedules are loaded.
package enum ResidentMemory {
  /// Returns the allocator's free memory, and drops the pages of code that the start has touched. Most of that code
  /// reads options, makes connections or belongs to the runtime. Pages that are needed again come from the page cache.
  package static func trim() {
    malloc_trim(0)
    for range in code { madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED) }
  }

  /// The ranges of executable mappings of files. They cannot be written, so dropping them loses no byte. That is not
  /// certain of constants, since the linker writes addresses into some.
  static var code: [Range<UInt>] {
    guard let maps = fopen("/proc/self/maps", "re") else { return [] }
    defer { fclose(maps) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    var code: [Range<UInt>] = []
    while getline(&line, &capacity, maps) > 0, let text = line.map({ String(cString: $0) }) {
      // "55d0c0a00000-55d0c1a00000 r-xp 00a00000 fe:01 1234    /usr/bin/beat-watch"
      let words = text.split(separator: " ")
      guard words.count >= 6 else { continue }
      let bounds = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      guard words[1] == "r-xp", words[5].hasPrefix("/"), bounds.count == 2, bounds[0] < bounds[1]
      else { continue }
      code.append(bounds[0]..<bounds[1])
    }
    return code
  }
}
