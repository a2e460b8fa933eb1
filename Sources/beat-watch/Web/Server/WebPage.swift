import BeatCore
import BeatHTTP
import ReactiveBeat

/// The page's files, which are in the program. There is no folder to read from, so no path leads out of one.
enum WebPage {
  private struct File {
    let type: String
    let bytes: [UInt8]
    /// Tells a browser whether the file that it has is this one.
    let tag: String

    init(_ type: String, _ bytes: [UInt8]) {
      (self.type, self.bytes) = (type, bytes)
      tag = "\"\(SHA1.hex(bytes))\""
    }
  }

  private static let files: [String: File] = {
    var files: [String: File] = [:]
    for (name, bytes) in WebPageFiles.all { files[name] = type(of: name).map { File($0, bytes) } }
    return files
  }()

  private static func type(of name: String) -> String? {
    switch name.split(separator: ".").last {
    case "html": "text/html; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "svg": "image/svg+xml"
    default: nil
    }
  }

  /// What a path that is none of the API's leads to.
  static func response(to request: HTTPRequest) -> HTTPResponse {
    let segments = request.target.segments
    let name: String?
    switch segments.count {
    case 0: name = "index.html"
    case 1: name = segments[0] == "favicon.ico" ? "icon.svg" : nil
    case 2: name = segments[0] == "assets" ? segments[1] : nil
    default: name = nil
    }
    guard let file = name.flatMap({ files[$0] }) else {
      return .text(.notFound, "there is no such page: / is the page, and /api/v1/ the API")
    }
    guard request.method == .get || request.method == .head else {
      var response = HTTPResponse.text(.methodNotAllowed, "this is read by GET")
      response.fields.append(("Allow", "GET, HEAD"))
      return response
    }
    // A browser asks each time, so that a new version of the program is seen at once.
    let fields = [("Cache-Control", "no-cache"), ("ETag", file.tag)]
    if request.fields.values("if-none-match").contains(file.tag) {
      return HTTPResponse(.notModified, type: "", fields: fields, body: [])
    }
    return HTTPResponse(.ok, type: file.type, fields: fields, body: file.bytes)
  }
}
