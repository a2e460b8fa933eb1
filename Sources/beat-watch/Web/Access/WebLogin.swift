/// How the page knows who somebody is.
enum WebLogin {
  /// It does not: whoever reaches the address has this role.
  case none(WebRole)
  case tokens(TokenFile)
  case proxy(ProxyLogin)

  /// The word for the page.
  var word: String {
    switch self {
    case .none: "none"
    case .tokens: "token"
    case .proxy: "proxy"
    }
  }
}
