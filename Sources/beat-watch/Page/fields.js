// The fields of a document that the form knows: where each may stand, what it takes, and what it means.

const periods = ["weeks", "days", "hours", "minutes", "seconds", "milliseconds"];

const option = (name) => [[name], ["options", name]];

/** `places`: where a document may have the field; the first one is where a new one is written. */
export const groups = [
  { title: "What", isOpen: true, fields: [
    { name: "task", label: "Task", places: [["task"]], type: "text", list: "tasks", placeholder: "proj.tasks.report",
      hint: "The registered name of the Celery task" },
    { name: "name", label: "Label", places: [["name"]], type: "text", hint: "A name for people" },
    { name: "enabled", label: "Enabled", places: [["enabled"]], type: "switch" },
  ] },
  { title: "When", isOpen: true, isSchedule: true, fields: [
    { name: "timezone", label: "Time zone", places: [["crontab", "timezone"], ["timezone"]], start: ["timezone"],
      type: "text", list: "zones", placeholder: "Europe/Berlin", hint: "Whose clock a crontab follows" },
  ] },
  { title: "Arguments", isOpen: true, fields: [
    { name: "args", label: "args", places: [["args"]], type: "json", placeholder: "[]", hint: "A JSON list" },
    { name: "kwargs", label: "kwargs", places: [["kwargs"]], type: "json", placeholder: "{}", hint: "A JSON object" },
  ] },
  { title: "Delivery", fields: [
    { name: "queue", label: "Queue", places: option("queue"), type: "text", list: "queues" },
    { name: "priority", label: "Priority", places: option("priority"), type: "number" },
    { name: "expires", label: "Expires", places: option("expires"), type: "date",
      hint: "Seconds after sending, or a date" },
    { name: "time_limit", label: "Time limit", places: option("time_limit"), type: "number",
      hint: "Seconds until the worker kills the task" },
    { name: "soft_time_limit", label: "Soft time limit", places: option("soft_time_limit"), type: "number",
      hint: "Seconds until the task is told to end" },
    { name: "exchange", label: "Exchange", places: option("exchange"), type: "text" },
    { name: "routing_key", label: "Routing key", places: option("routing_key"), type: "text" },
    { name: "headers", label: "Headers", places: option("headers"), type: "json", placeholder: "{}",
      hint: "A JSON object" },
  ] },
  { title: "Beginning, end and missed runs", fields: [
    { name: "start_after", label: "Start after", places: [["start_after"]], type: "date",
      placeholder: "2027-01-01T09:00:00Z", hint: "Nothing is due before it" },
    { name: "expires_at", label: "Expires at", places: [["expires_at"]], type: "date",
      placeholder: "2027-12-31T23:59:59Z", hint: "Nothing is due from then on" },
    { name: "max_run_count", label: "Most runs", places: [["max_run_count"]], type: "number",
      hint: "It is finished after so many" },
    { name: "jitter", label: "Jitter", places: [["jitter"]], type: "number",
      hint: "Each run is sent up to so many seconds later" },
    { name: "catchup", label: "Catch-up", places: [["catchup"]], type: "select",
      options: [["", "latest, by default"], ["latest", "latest: one run for the newest"],
      ["none", "none: missed runs are skipped"], ["all", "all: each one is run"]],
      hint: "What becomes of missed runs" },
    { name: "catchup_window", label: "Catch-up window", places: [["catchup_window"]], type: "number",
      hint: "Seconds; older ones are skipped" },
    { name: "one_off", label: "Ends after one run", places: [["one_off"]], type: "switch" },
    { name: "run_immediately", label: "Runs once at once", places: [["run_immediately"]], type: "switch" },
  ] },
];

/** The kinds of schedules. A field's place is inside the member that holds the schedule. */
export const kinds = {
  interval: {
    label: "Interval", start: '{"every": 5, "period": "minutes"}',
    fields: [
      { name: "every", label: "Every", type: "number" },
      { name: "period", label: "Period", type: "select", options: periods.map((period) => [period, period]) },
      { name: "relative", label: "Ends on the full minute, hour or day (relative)", type: "switch" },
      { name: "align", label: "Lies on the multiples of the clock (align)", type: "switch" },
    ],
  },
  crontab: {
    label: "Crontab",
    start: '{"minute": "0", "hour": "*", "day_of_month": "*", "month_of_year": "*", "day_of_week": "*"}',
    fields: [
      { name: "minute", label: "Minute", type: "cron", placeholder: "*", hint: "0–59" },
      { name: "hour", label: "Hour", type: "cron", placeholder: "*", hint: "0–23" },
      { name: "day_of_month", label: "Day of month", type: "cron", placeholder: "*", hint: "1–31" },
      { name: "month_of_year", label: "Month", type: "cron", placeholder: "*", hint: "1–12, jan–dec" },
      { name: "day_of_week", label: "Day of week", type: "cron", placeholder: "*", hint: "0–6, sun–sat" },
      { name: "day_of_year", label: "Day of year", type: "cron", placeholder: "*", hint: "1–366" },
    ],
  },
  clocked: {
    label: "Once",
    start: () => `{"clocked_time": "${new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, "")}"}`,
    fields: [{ name: "clocked_time", label: "At", type: "date", placeholder: "2030-01-01T00:00:00Z",
      hint: "ISO 8601, with the distance from UTC or Z" }],
  },
};

export const startOf = (kind) => (typeof kinds[kind].start === "function" ? kinds[kind].start() : kinds[kind].start);
