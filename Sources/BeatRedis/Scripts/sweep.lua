-- One step of a walk over the watermarks. It deletes those of schedules that have been gone for long.
--
-- KEYS[1]  watermarks    HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- ARGV[1]  cursor
-- ARGV[2]  COUNT
-- ARGV[3]  the prefix of the documents' keys
-- ARGV[4]  longest entry, in bytes
-- ARGV[5]  the oldest run to remember, ARGV[6] the oldest time first seen to remember, and ARGV[7] the newest time
--          that can be right; 20 digits each
--
-- Returns {next cursor, how many were deleted,
--          {minutes since 1970 of each remembered run of a schedule that is gone}, {the same of times first seen}}.
-- A watermark is deleted as soon as there is no document, if its time cannot be read or cannot be right, or if no
-- daemon reads its entry.
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local longest = tonumber(ARGV[4])
local forgotten, fired, seen = {}, {}, {}
for i = 1, #page[2], 2 do
  local entry, mark = page[2][i], page[2][i + 1]
  if redis.call('EXISTS', ARGV[3] .. entry) == 0 then
    local due = string.sub(mark, 1, 20)
    local isRun = string.sub(mark, 21, 22) ~= '||'
    if #entry > longest or not string.find(due, '^%d+$') or due < ARGV[isRun and 5 or 6] or due > ARGV[7] then
      forgotten[#forgotten + 1] = entry
    else
      local kept = isRun and fired or seen
      kept[#kept + 1] = math.floor(tonumber(due) / 60000000)
    end
  end
end
for _, entry in ipairs(forgotten) do redis.call('HDEL', KEYS[1], entry) end
return {page[1], #forgotten, fired, seen}
