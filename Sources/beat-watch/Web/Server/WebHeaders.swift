import BeatHTTP

/// What every response tells a browser: the page is made of its own files, is shown in no other page, and its address is
/// told to nobody. So even a text that some browser took for markup could load and send nothing.
enum WebHeaders {
  static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; "
    + "base-uri 'none'; frame-ancestors 'none'"

  static let fields: [(name: String, value: String)] = [
    ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
  ]

  static func with(_ response: HTTPResponse) -> HTTPResponse {
    var response = response
    response.fields += fields
    return response
  }
}
