-- Reads the newest messages that are set aside, without their bytes.
--
-- KEYS[1]  messages set aside  STREAM  id, to, reason, item
-- ARGV[1]  how many to read; 0 = only their number
-- ARGV[2]  the longest part of a field that is read; bytes
--
-- Returns {how many there are, {entry, id, to, reason}...}, the newest first
local answer = {redis.call('XLEN', KEYS[1])}
if ARGV[1] == '0' then return answer end
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[1])) do
  local fields = {}
  for i = 1, #entry[2], 2 do fields[entry[2][i]] = string.sub(entry[2][i + 1], 1, tonumber(ARGV[2])) end
  answer[#answer + 1] = {entry[1], fields['id'] or '', fields['to'] or '', fields['reason'] or ''}
end
return answer
