internal import CHiredisAsync

/// What the process keeps of memory that it has given back to the allocator.
enum HeapMemory {
  /// Gives it back to the system.
  static func trim() { malloc_trim(0) }
}
