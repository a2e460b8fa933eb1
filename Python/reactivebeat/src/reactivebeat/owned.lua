-- Stores a schedule of the application's code together with the record of whose it is, if both are still those that the
-- publisher has seen: two publishers at once, or somebody who edits the schedule, lose nothing. Equal bytes are not
-- written again, so that a publisher can also ask whether it has seen what stands there.
--
-- KEYS[1]  schedule document    STRING
-- KEYS[2]  owners               HASH    entry -> {"application": ..., "base": {...}}
-- ARGV[1]  '1' = a document was seen, '0' = there was none
-- ARGV[2]  the bytes that were seen, or ''
-- ARGV[3]  '1' = store a document, '0' = there is to be none
-- ARGV[4]  the bytes to store, or ''
-- ARGV[5]  entry
-- ARGV[6]  the record that was seen; '' = none
-- ARGV[7]  the record to store; '' = none
--
-- Returns {'OK'} | {'CHANGED'}. A time to live of the document stays, and so does its watermark.
local stands = redis.call('TYPE', KEYS[1]).ok
if ARGV[1] == '0' then
  if stands ~= 'none' then return {'CHANGED'} end
elseif stands ~= 'string' or redis.call('GET', KEYS[1]) ~= ARGV[2] then
  return {'CHANGED'}
end
if (redis.call('HMGET', KEYS[2], ARGV[5])[1] or '') ~= ARGV[6] then return {'CHANGED'} end

if ARGV[3] == '0' then
  if ARGV[1] == '1' then redis.call('DEL', KEYS[1]) end
elseif ARGV[1] == '0' or ARGV[4] ~= ARGV[2] then
  redis.call('SET', KEYS[1], ARGV[4], 'KEEPTTL')
end
if ARGV[7] == ARGV[6] then
  return {'OK'}
elseif ARGV[7] == '' then
  redis.call('HDEL', KEYS[2], ARGV[5])
else
  redis.call('HSET', KEYS[2], ARGV[5], ARGV[7])
end
return {'OK'}
