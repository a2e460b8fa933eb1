/// A schedule of another system, as the document that means the same here.
package struct ImportedSchedule: Hashable, Sendable {
  package var name: EntryName
  /// Empty where there is a problem.
  package var document: [UInt8]
  /// Sentences for the user about what is not quite as it was there, or should be known.
  package var notes: [String]
  /// A sentence for the user: why the schedule cannot come, and what to do instead.
  package var problem: String?

  package init(name: EntryName, document: [UInt8], notes: [String] = []) {
    self.name = name
    self.document = document
    self.notes = notes.map(Self.line)
  }

  package init(name: EntryName, problem: String) {
    self.name = name
    document = []
    notes = []
    self.problem = Self.line(problem)
  }

  /// The text on one line and cut, since it may quote a document.
  private static func line(_ text: String) -> String {
    let line = text.printable
    return line.count > 300 ? line.prefix(300) + "…" : line
  }

  /// The document read as the daemon will read it: what is refused becomes the problem, what is warned of a note.
  package func checked(_ context: DocumentContext) -> ImportedSchedule {
    guard problem == nil else { return self }
    var result = self
    do throws(DocumentProblem) {
      result.notes += try ScheduleDocument(document, context: context).warnings
    } catch {
      result.document = []
      result.problem = error.description
    }
    return result
  }
}

/// Why a source as a whole cannot be read. One line that says what to do.
package struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description.printable }
}

/// Why one schedule cannot come.
struct ImportRefusal: Error {
  let text: String

  init(_ text: String) { self.text = text }
}
