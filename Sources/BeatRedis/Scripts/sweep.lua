-- One step of a walk over the marks: forgets those of schedules that are gone and have been for long.
--
-- KEYS[1]  mark    HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- ARGV[1]  cursor
-- ARGV[2]  COUNT
-- ARGV[3]  what the documents' keys begin with
-- ARGV[4]  longest entry, in bytes
-- ARGV[5]  the oldest run that is remembered, ARGV[6] the oldest time first seen, and ARGV[7] the newest time that can be
--          right; 20 digits each
--
-- Returns {next cursor, how many were forgotten,
--          {minutes since 1970, of each run that is remembered of a schedule that is gone}, {the same of first seen}}.
-- A mark whose time cannot be read, or cannot be right, or whose entry nobody reads, is forgotten as soon as there is no
-- document.
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
