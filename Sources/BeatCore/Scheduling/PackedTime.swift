/// An optional time in eight bytes. `UnixTime?` takes sixteen, and there may be a million entries.
@propertyWrapper struct PackedTime: Hashable {
  /// `Int64.min` stands for no time: no schedule has a time as early as that.
  private var microseconds: Int64

  init(wrappedValue: UnixTime? = nil) { microseconds = wrappedValue?.microseconds ?? .min }

  var wrappedValue: UnixTime? {
    get { microseconds == .min ? nil : UnixTime(microseconds: microseconds) }
    set { microseconds = newValue?.microseconds ?? .min }
  }
}
