@testable import BeatCore

/// Documents with every field in every form, in addition to `SampleDocuments`.
let documentSeeds: [String] =
  [
    #""crontab": {"minute": "*/5", "hour": [1, 2], "day_of_week": "mon-fri", "day_of_month": 1, "day_of_year": "1-100"}"#,
    #""crontab": {"minute": "0", "timezone": "America/New_York"}, "last_run_at": {"$date": "2014-08-30T08:10:06Z"}"#,
    #""interval": {"every": {"$numberLong": "30"}, "period": "Minutes"}, "total_run_count": {"$numberInt": "5"}"#,
    #""interval": {"every": 0.25, "period": "seconds", "relative": true}, "timezone": "Asia/Kolkata""#,
    #""interval": {"every": 1, "period": "days", "align": true}, "last_run_at": 1409386206.5, "timezone": "Africa/Casablanca""#,
    #""interval":{"every":90,"period":"minutes"},"last_run_at":"2014-08-30","total_run_count":NumberLong("7")"#,
    #""clocked": {"clocked_time": "2030-01-01T00:00:00+05:30"}, "one_off": true"#,
    #""schedule": {"__type__": "interval", "every": 60, "relative": false}, "run_immediately": true"#,
    #""schedule": {"minute": "30", "hour": "2"}, "catchup": "all", "catchup_window": 3600, "jitter": 2.5"#,
    #""interval": {"every": 5, "period": "hours"}, "max_run_count": 10, "start_after": "2026-01-01T00:00:00-08:00", "#
      + #""expires_at": {"$date": {"$numberLong": "1900000000000"}}, "expires": 60, "priority": "3", "exchange": "e", "#
      + #""routing_key": "k", "exchange_type": "topic", "headers": {"tenant": "acme"}, "time_limit": 1.5"#,
    #""interval": {"every": 5, "period": "hours"}, "options": {"queue": "q", "expires": "2030-01-01", "x": 1, "#
      + #""headers": {"a": [null]}, "serializer": "json"}, "last_run_at": Date("2014-08-30 08:10:06,5+0200")"#,
    #""interval": {"every": 1, "period": "weeks"}, "last_run_at": {"__type__":"datetime","year":1,"month":1,"day":1}"#,
  ].map { #"{"name": "n", "task": "t", "enabled": true, "# + $0 + "}" }

let documentWords =
  [
    "name", "task", "enabled", "interval", "crontab", "clocked", "schedule", "every", "period", "relative", "align",
    "minute", "hour", "day_of_week", "day_of_month", "month_of_year", "day_of_year", "timezone", "clocked_time",
    "args", "kwargs", "options", "queue", "exchange", "exchange_type", "routing_key", "priority", "expires",
    "expire_seconds", "time_limit", "soft_time_limit", "headers", "serializer", "compression", "run_immediately",
    "one_off", "max_run_count", "start_after", "expires_at", "jitter", "catchup", "catchup_window", "last_run_at",
    "total_run_count", "__type__", "datetime", "year", "month", "day", "microsecond", "$date", "$numberLong",
    "$numberInt", "$numberDouble", "seconds", "minutes", "days", "weeks", "microseconds", "latest", "none", "all",
  ].map { "\"\($0)\"" } + [
    "true", "false", "null", "NaN", "Infinity", "-Infinity", "1e400", "9223372036854775807", "-0", "0.5", "1.0",
    "ISODate(\"", "Date(\"", "NumberLong(5)", "NumberLong(\"5\")", "ObjectId(\"a\")", "\"Europe/Berlin\"",
    "\"2014-08-30T08:10:06Z\"", "\"9999-12-31T23:59:59+02:00\"", "\"0001-01-01T00:00:00-02:00\"", "253402300799.999999",
    "\\u", "\\ud800", "\\u0000", "\\n", ",", ":", "{", "}", "[", "]", "\"", "\u{202E}", "\u{2028}", "é", "☃", "😀",
  ]
