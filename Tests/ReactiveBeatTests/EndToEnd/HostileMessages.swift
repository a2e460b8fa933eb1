/// Values that a document may hold and that a worker may not be able to read. Each is a list of fields, beginning with
/// a comma.
enum HostileMessages {
  private static func nines(_ count: Int) -> String { String(repeating: "9", count: count) }
  private static func nested(_ open: String, _ close: String, _ depth: Int) -> String {
    String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
  }
  private static func typed(_ rest: String) -> String { #"{"__type__": \#(rest)}"# }

  /// No worker can read these, and some workers would end: each is refused by the name of its field.
  static let unreadable: [(fields: String, field: String)] = [
    (#", "args": [\#(nines(4301))]"#, "args"), (#", "args": [-\#(nines(4301))]"#, "args"),
    (#", "args": [{"a": [\#(nines(5000))]}]"#, "args"), (#", "kwargs": {"a": \#(nines(5000))}"#, "kwargs"),
    (#", "headers": {"x": \#(nines(5000))}"#, "headers"),
    (#", "options": {"headers": {"x": [{"y": \#(nines(5000))}]}}"#, "options.headers"),
    (#", "args": [\#(typed(#""datetime", "__value__": "nonsense""#))]"#, "args"),
    (#", "args": [\#(typed(#""datetime", "__value__": null"#))]"#, "args"),
    (#", "args": [\#(typed(#""date", "__value__": "0000-01-01""#))]"#, "args"),
    (#", "args": [\#(typed(#""date", "__value__": "2026-02-30""#))]"#, "args"),
    (#", "args": [\#(typed(#""time", "__value__": "25:00""#))]"#, "args"),
    (#", "args": [\#(typed(#""decimal", "__value__": "xx""#))]"#, "args"),
    (#", "args": [\#(typed(#""decimal", "__value__": [1]"#))]"#, "args"),
    (#", "args": [\#(typed(#""uuid", "__value__": 5"#))]"#, "args"),
    (#", "args": [\#(typed(#""uuid", "__value__": {"hex": "zz"}"#))]"#, "args"),
    (#", "args": [\#(typed(#""bytes", "__value__": 5"#))]"#, "args"),
    (#", "args": [\#(typed(#""bytes", "__value__": "\ud800""#))]"#, "args"),
    (#", "args": [\#(typed(#""base64", "__value__": "AAA""#))]"#, "args"),
    (#", "args": [\#(typed(#"5, "__value__": 1"#))]"#, "args"),
    (#", "args": [\#(typed(#"[], "__value__": 1"#))]"#, "args"),
    (#", "args": [\#(typed(#"null, "__value__": 1"#))]"#, "args"),
    (#", "args": [{"\u005f_type__": "uuid", "__value__": 1}]"#, "args"),
    (#", "args": [{"__type__": 1, "__value__": \#(typed(#""time", "__value__": "x""#)), "more": 1}]"#, "args"),
    (#", "kwargs": \#(typed(#""date", "__value__": "2026-01-01""#))"#, "kwargs"),
    (#", "kwargs": {"a": [\#(typed(#""time", "__value__": "noon""#))]}"#, "kwargs"),
    (#", "headers": {"x": \#(typed(#""nosuch", "__value__": 1"#))}"#, "headers"),
    (#", "headers": {"x": [\#(typed(#""datetime", "__value__": "2026-01-01T00:00:00""#))]}"#, "headers"),
    (#", "headers": {"x": \#(typed(#""decimal", "__value__": "1.5""#))}"#, "headers"),
    (#", "headers": {"get": 5}"#, "headers.get"),
    (#", "headers": {"_children": [1]}"#, "headers._children"),
    (#", "headers": {"_get_custom_headers": {}}"#, "headers._get_custom_headers"),
    (#", "headers": {"\u0067et": 5}"#, "headers.get"),
    (#", "headers": {"id": 5}"#, "headers.id"), (#", "headers": {"retries": "x"}"#, "headers.retries"),
    (#", "headers": {"timelimit": [1]}"#, "headers.timelimit"), (#", "headers": {"eta": "nonsense"}"#, "headers.eta"),
    (#", "headers": {"compression": "zip"}"#, "headers.compression"),
    (#", "headers": {"stamped_headers": 5}"#, "headers.stamped_headers"),
    (#", "eta": "nonsense""#, "eta"), (#", "countdown": 1e300"#, "countdown"),
    (#", "options": {"reply_to": [1]}"#, "options.reply_to"),
    (#", "options": {"correlation_id": 5}"#, "options.correlation_id"),
    (#", "options": {"task_id": {"a": 1}}"#, "options.task_id"), (#", "serializer": "pickle""#, "serializer"),
    (#", "compression": "gzip""#, "compression"),
    (#", "options": {"content_encoding": "utf-16"}"#, "options.content_encoding"),
    (#", "expires": 1e300"#, "expires"), (#", "expires": "99999-01-01T00:00:00Z""#, "expires"),
    (#", "time_limit": 1e400"#, "time_limit"), (#", "soft_time_limit": NaN"#, "soft_time_limit"),
    (#", "priority": 1e30"#, "priority"), (#", "kwargs": [1]"#, "kwargs"), (#", "args": {"a": 1}"#, "args"),
  ]

  /// No worker ends of these: the task runs, or it fails with an error in the worker's log.
  static let readable: [String] = [
    #", "args": [\#(nines(4300)), -\#(nines(4300))]"#,
    #", "args": [0.\#(nines(5000)), 1e\#(nines(5000)), \#(nines(5000)).0]"#,
    #", "args": [NaN, Infinity, -Infinity, 1e400, -0]"#, #", "args": ["\ud800", "\udc00\ud800", {"\udfff": 1}]"#,
    #", "args": ["\u0000", "\u001b[2J", "\u202e"]"#, #", "args": [\#(nested("[", "]", 58))]"#,
    #", "args": [\#(nested(#"{"a":"#, "}", 58))]"#, #", "args": [{"a": 1, "a": 2}]"#,
    #", "args": [\#(typed(#""datetime", "__value__": "2026-01-01T00:00:00.250000+02:00""#))]"#,
    #", "args": [\#(typed(#""date", "__value__": "2026-02-28""#)), \#(typed(#""time", "__value__": "08:30""#))]"#,
    #", "args": [\#(typed(#""decimal", "__value__": "1E+999999999""#)), \#(typed(#""decimal", "__value__": 5"#))]"#,
    #", "args": [\#(typed(#""decimal", "__value__": "-Infinity""#)), \#(typed(#""decimal", "__value__": "+1.50""#))]"#,
    #", "args": [\#(typed(#""uuid", "__value__": {"hex": "11111111-2222-3333-4444-555555555555"}"#))]"#,
    #", "args": [\#(typed(#""bytes", "__value__": "abc""#)), \#(typed(#""base64", "__value__": "AAEC""#))]"#,
    #", "args": [{"__type__": "nosuch", "__value__": 1, "more": 2}, {"__type__": "datetime", "year": 2026}]"#,
    #", "kwargs": {"": 1, "task_id": 2, "args": 3, "class": 4, "1a": 5, "a b": 6, "\ud800": 7, "\u0000": 8}"#,
    #", "kwargs": {"self": 1}"#, #", "kwargs": {"a": NaN, "a": 1e400, "__class__": 1}"#,
    #", "headers": {"x": \#(nines(4300))}"#, #", "headers": {"x": NaN, "": 1, "\u0000": 2, "x": 3}"#,
    #", "headers": {"\ud800": "\udfff"}"#, #", "headers": {"x": \#(nested("[", "]", 58))}"#,
    #", "headers": {"args": 1, "kwargs": 2, "callbacks": 3, "errbacks": 4, "chain": 5, "chord": 6, "hostname": 7}"#,
    #", "headers": {"update": 1, "clear": 2, "children": 3, "as_execution_options": null, "_protected": []}"#,
    #", "headers": {"properties": 1, "delivery_info": 2, "reply_to": 3, "correlation_id": 4, "is_eager": true}"#,
    #", "headers": {"called_directly": 5, "loglevel": {}, "logfile": [], "utc": "x", "taskset": 1, "groups": 2}"#,
    #", "headers": {"time_limit": {}, "soft_time_limit": "x", "redelivered": 1, "__class__": 1, "__dict__": []}"#,
    #", "time_limit": 1e308"#, #", "soft_time_limit": 1e10, "time_limit": 1e12"#,
    #", "time_limit": 9223372036854775808"#,
    #", "expires": 9000000000000"#, #", "expires": "9999-12-31T23:59:59.999999Z""#,
    #", "priority": 9223372036854775807"#, #", "priority": -9223372036854775808"#, #", "priority": "7""#,
    #", "shadow": "\u0000\n%(x)s {0}", "argsrepr": "\u0000 %s %(id)s", "kwargsrepr": "\u202e""#,
    #", "shadow": "\#(String(repeating: "s", count: 8_000))""#, #", "ignore_result": false"#,
    #", "args": ["\#(String(repeating: "x", count: 500_000))"]"#,
    #", "headers": {\#((0..<1000).map { #""k\#($0)": 1"# }.joined(separator: ", "))}"#,
  ]

  /// Names of tasks that no application has, or that are Celery's own; each with what is said of the field.
  static let tasks = [
    #"a\u0000b"#, #"\n\u001b[2J"#, "__class__", "%(x)s %s {0}", #"\u202e"#, " ", String(repeating: "t", count: 1_024),
    "celery.chain", "celery.chord", "celery.map", "celery.group", "celery.backend_cleanup",
  ]
}
