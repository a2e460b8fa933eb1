-- Stores the times at which schedules were first seen. A watermark that exists stays: the daemon that saw the schedule
-- first was right.
--
-- KEYS[1]     watermarks    HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- ARGV[1...]  for each schedule its entry and the watermark to store
--
-- Returns for each schedule 1 if its watermark was stored, 0 if it had one.
local entries = {}
for i = 1, #ARGV, 2 do entries[#entries + 1] = ARGV[i] end
local marks = redis.call('HMGET', KEYS[1], unpack(entries))
local answers, fields, taken = {}, {}, {}
for i, entry in ipairs(entries) do
  answers[i] = 0
  if not marks[i] and not taken[entry] then
    answers[i], taken[entry] = 1, true
    fields[#fields + 1] = entry
    fields[#fields + 1] = ARGV[2 * i]
  end
end
if #fields > 0 then redis.call('HSET', KEYS[1], unpack(fields)) end
return answers
