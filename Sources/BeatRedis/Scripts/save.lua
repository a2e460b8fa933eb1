-- Replaces the document that its editor has seen, and no other. It also stores the watermark that a daemon would store
-- when it notices the edit, so that the edit counts from now even if no daemon runs.
--
-- KEYS[1]  schedule document    STRING
-- KEYS[2]  watermarks           HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- ARGV[1]  '1' = the editor has seen a document, '0' = there was none
-- ARGV[2]  the bytes that were seen, or ''
-- ARGV[3]  the bytes to store; '' = delete it
-- ARGV[4]  entry
-- ARGV[5]  the watermark that was seen; '' = none
-- ARGV[6]  the watermark to store; '' = leave it
--
-- Returns {'OK'} | {'CHANGED'} the document is another one now, or absent. A time to live stays.
-- A watermark that may not be read or written stays as it is: then the edit counts from when a daemon notices it.
local stands = redis.call('TYPE', KEYS[1]).ok
if ARGV[1] == '0' then
  if stands ~= 'none' then return {'CHANGED'} end
elseif stands ~= 'string' or redis.call('GET', KEYS[1]) ~= ARGV[2] then
  return {'CHANGED'}
end

local replaced = false
if ARGV[6] ~= '' then
  -- HMGET is also used for reading: a user of Redis who may read watermarks may replace them.
  local reply = redis.pcall('HMGET', KEYS[2], ARGV[4])
  if not reply.err then
    local mark = reply[1] or ''
    if ARGV[5] ~= '' and mark ~= ARGV[5] then return {'CHANGED'} end
    replaced = mark == ARGV[5]
  end
end

if ARGV[3] == '' then
  redis.call('DEL', KEYS[1])
elseif ARGV[3] ~= ARGV[2] then
  redis.call('SET', KEYS[1], ARGV[3], 'KEEPTTL')
end
if replaced then redis.pcall('HSET', KEYS[2], ARGV[4], ARGV[6]) end
return {'OK'}
