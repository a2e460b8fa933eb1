/// Documents as real installations hold them, one of each form and style.
enum SampleDocuments {
  /// A document as celerybeat-redis' documentation shows it.
  static let redisDocumented = """
    {
        "name" : "interval test schedule",
        "task" : "task-name-goes-here",
        "enabled" : true,
        "interval" : {
            "every" : 5,
            "period" : "minutes"
        },
        "args" : [
            "param1",
            "param2"
        ],
        "kwargs" : {
            "max_targets" : 100
        },
        "total_run_count" : 5,
        "last_run_at" : {"__type__": "datetime", "year": 2014, "month": 8, "day": 30, "hour": 8, "minute": 10, "second": 6, "microsecond": 0}
    }
    """

  /// A document as celerybeat-redis' code writes it.
  static let redisWritten =
    #"{"name": "sum", "task": "proj.tasks.add", "enabled": true, "schedule": {"every": 30, "period": "seconds"}, "#
    + #""args": [2, 3], "kwargs": {}, "options": {"queue": "math", "priority": 5}, "total_run_count": 0, "#
    + #""last_run_at": null, "key": "tasks:meta:sum", "delete_key": "tasks:meta:sum", "running": false}"#

  /// A document of celerybeat-mongo as the mongo shell prints it.
  static let mongoShell = """
    {
    \t"_id" : ObjectId("53a91dfd455d1c1a4345fb59"),
    \t"_cls" : "PeriodicTask",
    \t"name" : "nightly",
    \t"task" : "proj.tasks.report",
    \t"enabled" : true,
    \t"crontab" : {
    \t\t"minute" : "30",
    \t\t"hour" : "2",
    \t\t"day_of_week" : "*",
    \t\t"day_of_month" : "*",
    \t\t"month_of_year" : "*"
    \t},
    \t"args" : [ ],
    \t"kwargs" : {

    \t},
    \t"queue" : "reports",
    \t"run_immediately" : false,
    \t"max_run_count" : null,
    \t"total_run_count" : NumberLong(17),
    \t"last_run_at" : ISODate("2014-08-30T08:10:06.123Z"),
    \t"date_changed" : ISODate("2014-08-30T08:10:06.123Z")
    }
    """

  /// A document of celerybeat-mongo as mongoexport writes it.
  static let mongoExport =
    #"{"_id":{"$oid":"53a91dfd455d1c1a4345fb59"},"_cls":"PeriodicTask","name":"export","task":"proj.tasks.report","#
    + #""enabled":true,"interval":{"_cls":"Interval","every":1,"period":"hours"},"args":["a","b"],"kwargs":{"n":1.0},"#
    + #""soft_time_limit":null,"expires":{"$date":"2099-01-01T00:00:00Z"},"start_after":{"$date":1409379006000},"#
    + #""total_run_count":{"$numberLong":"17"},"last_run_at":{"$date":{"$numberLong":"1409379006123"}}}"#

  /// A document with numbers, texts and fields that other JSON readers would change.
  static let verbatim =
    #"{"name": "verbatim ☃", "task": "t", "enabled": true, "interval": {"every": 1.50, "period": "days"}, "#
    + #""args": [1234567890123456789012345678901234567890, 1e+22, 1.0, -0.0, NaN, -Infinity, "\u2603", "☃", "\ud83d\ude00"], "#
    + #""kwargs": {"b": {"__type__": "decimal", "__value__": "1.10"}, "a": [[[[[]]]]], "a": null}, "my own": {"x": [ ]}, "#
    + #""last_run_at": "2014-08-30 10:10:06.5+02:00", "total_run_count": 5}"#

  /// An indented document with Windows' line ends and without bookkeeping.
  static let windows =
    "{\r\n  \"name\": \"windows\",\r\n  \"task\": \"t\",\r\n  \"enabled\": true,\r\n  \"run_immediately\": true,\r\n"
    + "  \"crontab\": {\r\n    \"minute\": \"*/5\"\r\n  },\r\n  \"timezone\": \"Europe/Berlin\"\r\n}\r\n"

  static let all = [redisDocumented, redisWritten, mongoShell, mongoExport, verbatim, windows]
}
