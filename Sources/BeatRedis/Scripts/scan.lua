-- One step of HSCAN over a hash of the daemons. A field or value that is too long for a daemon's is deleted and not
-- returned.
--
-- KEYS[1]  hash
-- ARGV[1]  cursor
-- ARGV[2]  COUNT
-- ARGV[3]  longest field, ARGV[4] longest value, in bytes
--
-- Returns {next cursor, {field, value...}, how many fields were deleted}.
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local longestField, longestValue = tonumber(ARGV[3]), tonumber(ARGV[4])
local fields, removed = {}, 0
for i = 1, #page[2], 2 do
  local field, value = page[2][i], page[2][i + 1]
  if #field <= longestField and #value <= longestValue then
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  else
    redis.call('HDEL', KEYS[1], field)
    removed = removed + 1
  end
end
return {page[1], fields, removed}
