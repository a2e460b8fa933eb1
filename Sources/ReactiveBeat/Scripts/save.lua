-- Puts a document in the place of the one that its editor has seen, and of no other.
--
-- KEYS[1]  schedule document    STRING
-- ARGV[1]  '1' = the editor has seen a document, '0' = there was none
-- ARGV[2]  the bytes that were seen, or ''
-- ARGV[3]  the bytes to store; '' = delete it
--
-- Returns {'OK'} | {'CHANGED'} something else stands there now, or nothing. A time to live stays.
local stands = redis.call('TYPE', KEYS[1]).ok
if ARGV[1] == '0' then
  if stands ~= 'none' then return {'CHANGED'} end
elseif stands ~= 'string' or redis.call('GET', KEYS[1]) ~= ARGV[2] then
  return {'CHANGED'}
end
if ARGV[3] == '' then
  redis.call('DEL', KEYS[1])
elseif ARGV[3] ~= ARGV[2] then
  redis.call('SET', KEYS[1], ARGV[3], 'KEEPTTL')
end
return {'OK'}
