import CountedAllocations
import Glibc

/// The core's parts, one operation each, for scripts/bench micro.
///
///     micro list               prints the names of the parts
///     micro allocations NAME   prints the allocations of a thousand operations, after a hundred others
///     micro run NAME COUNT     does COUNT operations, for an instruction counter around the program
@main enum Micro {
  static func main() throws {
    let arguments = CommandLine.arguments
    switch arguments.count > 1 ? arguments[1] : "" {
    case "list": for part in Part.allCases { print(part.rawValue) }
    case "allocations" where arguments.count == 3:
      let operation = try part(arguments[2]).operation()
      for index in 0..<100 { operation(index) }
      let before = allocations_made()
      for index in 100..<1100 { operation(index) }
      print(allocations_made() - before)
    case "run" where arguments.count == 4:
      let operation = try part(arguments[2]).operation()
      for index in 0..<(Int(arguments[3]) ?? 0) { operation(index) }
    default: usage()
    }
  }

  static func part(_ name: String) -> Part {
    guard let part = Part(rawValue: name) else { usage() }
    return part
  }

  static func usage() -> Never {
    print("micro list | allocations NAME | run NAME COUNT")
    exit(64)
  }
}
