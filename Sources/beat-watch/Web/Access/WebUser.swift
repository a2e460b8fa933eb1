/// Who makes a call.
struct WebUser: Hashable, Sendable {
  /// nil: the page has no login, so nobody says who it is.
  var name: String?
  var role: WebRole
}
