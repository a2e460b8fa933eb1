/// Why a crontab is refused.
package struct CrontabError: Error, Hashable, CustomStringConvertible {
  /// The field at fault, as documents name it: `minute`, `hour`, `day_of_week`, `day_of_month`, `month_of_year` or
  /// `day_of_year`. Nil if the fields are at fault together.
  package var field: String?
  /// What is wrong and what to write instead.
  package var message: String

  package init(field: String?, message: String) {
    self.field = field
    self.message = message
  }

  package var description: String { field.map { "\($0): \(message)" } ?? message }
}
