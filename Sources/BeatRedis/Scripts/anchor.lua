-- Keeps the times at which schedules were first seen, of each unless a mark stands there: whoever saw it first was right.
--
-- KEYS[1]     mark    HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- ARGV[1...]  for each schedule its entry and the mark to store
--
-- Returns for each 1 if it was stored, 0 if another stands there.
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
