/// What a worker's reader makes of a message's JSON where it does more than JSON asks for: it reads whole numbers up to a
/// length, and turns objects of the two members `__type__` and `__value__` into values of a type.
///
/// What it cannot read in the arguments loses the task, with a line in the worker's log and no result; in a header it ends
/// the worker, and the next one that takes the message. (Measured with Celery 5.6 and 5.7; source: kombu/utils/json.py
/// `object_hook`, kombu/transport/virtual/base.py `Message`, Python's `sys.int_info`.)
struct KombuJSON {
  /// A part of the JSON that a worker cannot read, and why.
  struct Problem: Hashable {
    var range: Range<Int>
    var message: String
  }

  /// Where typed values stand.
  enum Place {
    case args, kwargs, headers
  }

  /// An object or a list that is open.
  private struct Frame {
    let start: Int
    let isObject: Bool
    /// The key whose value comes next.
    var key = Key.none
    var type: Range<Int>?
    var value: Range<Int>?
    var hasOthers = false
  }

  private enum Key {
    case none, type, value, other
  }

  private let bytes: [UInt8]
  private let place: Place
  private var frames: [Frame] = []
  /// Types that only a worker of this application may know, each once.
  private(set) var unknownTypes: [String] = []
  private(set) var problem: Problem?

  /// - Parameters:
  ///   - slice: of a text that `JSONScanner` has checked, without a shell's constructors.
  ///   - text: all of it.
  init(_ slice: JSONSlice, in text: [UInt8], place: Place) {
    bytes = text
    self.place = place
    walk(slice.range)
  }

  /// Whether there is nothing to look for, as in nearly all documents.
  static func isPlain(_ text: ArraySlice<UInt8>) -> Bool {
    // `{"__type__":0,"__value__":0}` is longer.
    if text.count < 28 { return true }
    if text.count > Limit.numberDigits.most { return false }
    var underscores = 0
    for byte in text {
      // `__type__`, or a key that is spelled with escapes.
      if byte == UInt8(ascii: "\\") { return false }
      underscores = byte == UInt8(ascii: "_") ? underscores + 1 : 0
      if underscores == 2 { return false }
    }
    return true
  }

  /// Goes over the text once, whatever its depth.
  private mutating func walk(_ range: Range<Int>) {
    var index = range.lowerBound
    while index < range.upperBound, problem == nil {
      let start = index
      switch bytes[index] {
      case UInt8(ascii: "\""):
        index = endOfString(from: index, before: range.upperBound)
        took(start..<index, isString: true)
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        frames.append(Frame(start: start, isObject: bytes[index] == UInt8(ascii: "{")))
        index += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        index += 1
        guard let frame = frames.popLast() else { return }
        close(frame, end: index)
        took(frame.start..<index, isString: false)
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"), UInt8(ascii: ","),
        UInt8(ascii: ":"):
        index += 1
      default:
        while index < range.upperBound, !Self.endsWord(bytes[index]) { index += 1 }
        checkNumber(start..<index)
        took(start..<index, isString: false)
      }
    }
  }

  private static func endsWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), 0x20, 0x0A, 0x0D, 0x09: true
    default: false
    }
  }

  private func endOfString(from start: Int, before end: Int) -> Int {
    var index = start + 1
    while index < end, bytes[index] != UInt8(ascii: "\"") { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
    return min(index + 1, end)
  }

  /// A key or a value of what is open.
  private mutating func took(_ range: Range<Int>, isString: Bool) {
    guard let last = frames.indices.last, frames[last].isObject else { return }
    switch frames[last].key {
    case .none:
      let key = isString ? text(range) : nil
      frames[last].key = key == "__type__" ? .type : key == "__value__" ? .value : .other
      if frames[last].key == .other { frames[last].hasOthers = true }
    case .type:
      frames[last].type = range
      frames[last].key = .none
    case .value:
      frames[last].value = range
      frames[last].key = .none
    case .other: frames[last].key = .none
    }
  }

  private func text(_ range: Range<Int>) -> String? {
    guard bytes[range.lowerBound] == UInt8(ascii: "\"") else { return nil }
    return JSONScanner.text(of: JSONSlice(kind: .string, range: range, holdsShellCall: false), in: bytes)
  }

  private mutating func checkNumber(_ range: Range<Int>) {
    guard range.count > Limit.numberDigits.most else { return }
    let text = bytes[range]
    // A worker reads fractions of any length.
    guard !text.contains(where: { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }) else { return }
    guard let excess = DocumentNumber.excess(text) else { return }
    problem = Problem(range: range, message: "a whole number \(excess)")
  }

  private mutating func close(_ frame: Frame, end: Int) {
    guard frame.isObject, !frame.hasOthers, let type = frame.type, let value = frame.value else { return }
    let range = frame.start..<end
    func refuse(_ message: String) { problem = Problem(range: range, message: message) }
    if place == .headers {
      // The object of all headers may look like a typed value: in the message Celery's own headers stand in it, too.
      if !frames.isEmpty {
        refuse("a typed value (__type__) cannot stand in a header: a worker ends, or fails the task; write it as text")
      }
    } else if place == .kwargs, frames.isEmpty {
      refuse("a worker reads an object of __type__ and __value__ as one value, and not as keyword arguments")
    } else if let name = text(type) {
      switch KombuType(rawValue: name) {
      case let known?:
        if !known.reads(bytes[value.lowerBound] == UInt8(ascii: "\"") ? text(value) : nil, bytes[value]) {
          refuse("a worker cannot read this value of type \(name), and would lose the task; expected \(known.expected)")
        }
      case nil:
        if unknownTypes.count < 8, !unknownTypes.contains(name) { unknownTypes.append(name) }
      }
    } else {
      refuse("__type__ is not a text, and a worker would lose the task")
    }
  }
}
