import Glibc
import Testing

@testable import beat_watch

/// The API's description, against which each answer in a test is held.
struct OpenAPI: Sendable {
  static let shared = OpenAPI()

  private let root: JSONValue?

  init() { root = JSONValue(PackageResources.openapi_json) }

  var paths: [String: JSONValue] {
    if case .object(let paths)? = root?["paths"] { paths } else { [:] }
  }

  /// What does not fit; nil: the answer is one of the description.
  func misfit(_ method: String, _ path: String, status: Int, _ json: JSONValue?) -> String? {
    let segments = path.split(separator: "/").map { String($0) }
    let found = paths.first { template, _ in
      let parts = template.split(separator: "/")
      return parts.count == segments.count && zip(parts, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
    guard let operation = found?.value[method.lowercased()] else {
      return status == 404 || status == 405 ? nil : "\(method) \(path) is not described"
    }
    if status == 405 { return nil }
    guard let response = operation["responses"]?["\(status)"] else {
      return "\(method) \(path): \(status) is not described"
    }
    guard let schema = response["content"]?["application/json"]?["schema"] else {
      return json == nil ? nil : "\(method) \(path): \(status) has a body"
    }
    guard let json else { return "\(method) \(path): \(status) has no JSON" }
    return misfit(json, schema, "\(method) \(path) \(status)")
  }

  /// - Parameter name: of a schema in the components.
  func misfit(_ json: JSONValue, named name: String) -> String? {
    root?["components"]?["schemas"]?[name].flatMap { misfit(json, $0, name) }
  }

  private func misfit(_ json: JSONValue, _ schema: JSONValue, _ place: String) -> String? {
    if let reference = schema["$ref"]?.text {
      var target = root
      for part in reference.split(separator: "/").dropFirst() { target = target?[String(part)] }
      return target.map { misfit(json, $0, place) } ?? "\(place): \(reference) is nowhere"
    }
    if let choices = schema["oneOf"]?.items {
      let misfits = choices.map { misfit(json, $0, place) }
      return misfits.contains(nil) ? nil : misfits.first ?? "\(place): no choice"
    }
    if let values = schema["enum"]?.items, !values.contains(json) { return "\(place): \(json) is none of the values" }
    let types = schema["type"].map { $0.items?.compactMap(\.text) ?? [$0.text ?? ""] } ?? []
    guard types.isEmpty || types.contains(where: { isOf($0, json) }) else { return "\(place): \(json) is no \(types)" }
    switch json {
    case .array(let items):
      if let most = schema["maxItems"]?.number, Double(items.count) > most { return "\(place): too many items" }
      guard let schema = schema["items"] else { return nil }
      return items.lazy.compactMap { misfit($0, schema, place + "[]") }.first
    case .object(let members):
      for key in schema["required"]?.items ?? [] {
        if members[key.text ?? ""] == nil { return "\(place): \(key.text ?? "") is missing" }
      }
      for (key, value) in members {
        if let schema = schema["properties"]?[key] {
          if let misfit = misfit(value, schema, place + "." + key) { return misfit }
        } else if schema["additionalProperties"] == .bool(false) {
          return "\(place): \(key) is not described"
        }
      }
      return nil
    case .string(let text):
      guard let pattern = schema["pattern"]?.text else { return nil }
      return matches(text, pattern) ? nil : "\(place): \(text) does not match \(pattern)"
    default: return nil
    }
  }

  private func isOf(_ type: String, _ json: JSONValue) -> Bool {
    switch (type, json) {
    case ("string", .string), ("boolean", .bool), ("null", .null), ("number", .number), ("array", .array),
      ("object", .object):
      true
    case ("integer", .number(let number)): number == number.rounded()
    default: false
    }
  }

  private func matches(_ text: String, _ pattern: String) -> Bool {
    var expression = regex_t()
    guard regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB) == 0 else { return false }
    defer { regfree(&expression) }
    return regexec(&expression, text, 0, nil, 0) == 0
  }
}
