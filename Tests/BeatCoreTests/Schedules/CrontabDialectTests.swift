import Testing

@testable import BeatCore

@Suite("Crontabs of other schedulers: their signs are refused at every place, with what they mean")
struct CrontabDialectTests {
  private func refusal(_ field: String, _ text: String) -> String? {
    Sample.problem(Sample.crontab(#"{"\#(field)": "\#(text)"}"#))
  }

  @Test(arguments: [
    ("day_of_week", "FRI#2", "nth weekday"), ("day_of_week", "5#2", "nth weekday"), ("minute", "*/2#", "nth weekday"),
    ("day_of_week", "mon-fri#1", "nth weekday"), ("day_of_week", "mon,fri#1", "nth weekday"),
    ("day_of_week", "1-5#", "nth weekday"), ("day_of_week", "#", "nth weekday"),
    ("day_of_week", "THUL", "the last"), ("day_of_week", "thul", "the last"), ("day_of_week", "FRIDAYL", "the last"),
    ("day_of_week", "5L", "the last"), ("day_of_month", "L", "the last"), ("day_of_month", "L-3", "the last"),
    ("day_of_month", "LW", "the last"), ("month_of_year", "aprL", "the last"), ("day_of_week", "mon-friL", "the last"),
    ("day_of_month", "1-5!L", "the last"), ("day_of_month", "15W", "working day"),
    ("day_of_week", "friW", "working day"), ("day_of_month", "?", "no particular value"),
    ("day_of_week", "mon?", "no particular value"), ("minute", "*/15?", "no particular value"),
  ])
  func areRefused(_ field: String, _ text: String, _ meaning: String) throws {
    let problem = try #require(refusal(field, text), "\(text) was accepted")
    #expect(problem.hasPrefix("crontab.\(field) \"\(text)\": ") && problem.contains(meaning), "\(problem)")
    #expect(problem.contains("Celery's grammar"), "\(problem)")
  }

  /// Celery's own quirks are accepted with a warning, and the letters `L` and `W` within names are accepted.
  @Test(arguments: [
    ("minute", "1-5!x"), ("minute", "*/15-3"), ("minute", "1-5/2/9"), ("day_of_week", "monkey"),
    ("day_of_week", "friedl"), ("day_of_week", "wednesdayx"),
  ])
  func quirksStay(_ field: String, _ text: String) throws {
    #expect(refusal(field, text) == nil)
    #expect(try !Sample.read(Sample.crontab(#"{"minute": 0, "\#(field)": "\#(text)"}"#)).warnings.isEmpty)
  }

  @Test(arguments: [
    ("month_of_year", "jul"), ("month_of_year", "JULY"), ("month_of_year", "april-jul"), ("day_of_week", "wed"),
    ("day_of_week", "W".lowercased() + "ednesday"), ("month_of_year", "jul,apr"),
  ])
  func namesStay(_ field: String, _ text: String) throws {
    #expect(try Sample.read(Sample.crontab(#"{"minute": 0, "\#(field)": "\#(text)"}"#)).warnings.isEmpty)
  }
}
