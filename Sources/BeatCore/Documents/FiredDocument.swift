/// A document after a fire.
struct FiredDocument {
  let bytes: [UInt8]
  /// Where the next fire has to write.
  let places: BookkeepingPlaces
}

/// Where `last_run_at` and `total_run_count` stand in a document that has both, and in which form.
struct BookkeepingPlaces {
  var lastRunAt: Range<Int>
  let dateForm: DocumentDate.Form
  var totalRunCount: Range<Int>
  /// `nil`: the count is a number of JSON.
  let numberForm: DocumentNumber.Form?

  /// - Parameter document: the document to which these places belong.
  func fired(_ document: [UInt8], due: UnixTime, count: Int64) -> FiredDocument {
    let date = DocumentDate.utf8(due, in: dateForm)
    let number = DocumentNumber.utf8(count, in: numberForm)
    var splice = Splice()
    splice.replace(lastRunAt, with: date)
    splice.replace(totalRunCount, with: number)
    return FiredDocument(
      bytes: splice.applied(to: document),
      places: BookkeepingPlaces(
        lastRunAt: splice.place(lastRunAt.lowerBound, date.count), dateForm: dateForm,
        totalRunCount: splice.place(totalRunCount.lowerBound, number.count), numberForm: numberForm))
  }
}

extension DocumentLayout {
  /// The document after a fire: `last_run_at` and `total_run_count` advanced, in the form in which they were written,
  /// and added in the style of the last field where they were absent. `run_immediately` goes back to false, as
  /// celerybeat-mongo does it.
  ///
  /// - Parameter form: of a `last_run_at` that is added.
  func fired(due: UnixTime, count: Int64, newDate form: NewDateForm = .typed) -> FiredDocument {
    let (oldDate, oldNumber) = (value("last_run_at"), value("total_run_count"))
    let dateForm =
      oldDate.flatMap { DocumentDate.Form($0, in: bytes) }
      ?? (form == .dollarDate ? .dollarDateMilliseconds : .typed(spaced: !isCompact))
    let numberForm = oldNumber.flatMap { DocumentNumber.Form($0, in: bytes) }
    let date = DocumentDate.utf8(due, in: dateForm)
    let number = DocumentNumber.utf8(count, in: numberForm)
    let end = members.last?.value.range.upperBound ?? bytes.count
    var splice = Splice()
    var added: [UInt8] = []
    if oldDate == nil || oldNumber == nil { added.reserveCapacity(date.count + number.count + 64) }
    /// Returns where the value begins; for a field that was absent, counted from the beginning of what is added.
    func write(_ key: String, _ old: JSONSlice?, _ text: [UInt8]) -> Int {
      if let old {
        splice.replace(old.range, with: text)
        return old.range.lowerBound
      }
      added.append(UInt8(ascii: ","))
      added += leadingSpace
      added.append(UInt8(ascii: "\""))
      added.append(key)
      added.append(isCompact ? "\":" : "\": ")
      added += text
      return added.count - text.count
    }
    let dateStart = write("last_run_at", oldDate, date)
    let numberStart = write("total_run_count", oldNumber, number)
    if let flag = value("run_immediately"), bool("run_immediately") == true {
      splice.replace(flag.range, with: "false")
    }
    if !added.isEmpty { splice.replace(end..<end, with: added) }

    func place(_ old: JSONSlice?, _ start: Int, _ count: Int) -> Range<Int> {
      if old != nil { return splice.place(start, count) }
      let first = splice.place(end, added.count).lowerBound + start
      return first..<(first + count)
    }
    return FiredDocument(
      bytes: splice.applied(to: bytes),
      places: BookkeepingPlaces(
        lastRunAt: place(oldDate, dateStart, date.count), dateForm: dateForm,
        totalRunCount: place(oldNumber, numberStart, number.count), numberForm: numberForm))
  }
}
