-- Gives a schedule another name, and moves its watermark along: nothing is fired again, and no interval begins again.
--
-- KEYS[1]  schedule document            STRING, keeps its time to live
-- KEYS[2]  the same under its new name  must be absent
-- KEYS[3]  watermarks                   HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- ARGV[1]  entry, ARGV[2] its new name
--
-- Returns {'OK'} | {'GONE'} there is no document | {'TYPE', type} the key has another Redis type
--       | {'EXISTS'} the new name is taken | {'ERR', error} nothing was changed
local stands = redis.call('TYPE', KEYS[1]).ok
if stands == 'none' then return {'GONE'} end
if stands ~= 'string' then return {'TYPE', stands} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'EXISTS'} end

local mark = redis.call('HGET', KEYS[3], ARGV[1])
redis.call('RENAME', KEYS[1], KEYS[2])
-- A watermark that an earlier schedule left under the new name does not belong to this one.
local reply
if mark then
  reply = redis.pcall('HSET', KEYS[3], ARGV[2], mark)
else
  reply = redis.pcall('HDEL', KEYS[3], ARGV[2])
end
if type(reply) == 'table' and reply.err then
  redis.call('RENAME', KEYS[2], KEYS[1])
  return {'ERR', reply.err}
end
-- If Redis refuses this, the old watermark is as harmless as that of a deleted schedule.
if mark then redis.pcall('HDEL', KEYS[3], ARGV[1]) end
return {'OK'}
