-- Gives a schedule another name, with the mark of what has been fired: nothing is fired again, nothing begins anew.
--
-- KEYS[1]  schedule document            STRING, keeps its time to live
-- KEYS[2]  the same under its new name  must be absent
-- KEYS[3]  mark                         HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- ARGV[1]  entry, ARGV[2] its new name
--
-- Returns {'OK'} | {'GONE'} there is no document | {'TYPE', type} another Redis type stands there
--       | {'EXISTS'} the new name is taken | {'ERR', error} nothing was changed
local stands = redis.call('TYPE', KEYS[1]).ok
if stands == 'none' then return {'GONE'} end
if stands ~= 'string' then return {'TYPE', stands} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'EXISTS'} end

local mark = redis.call('HGET', KEYS[3], ARGV[1])
redis.call('RENAME', KEYS[1], KEYS[2])
-- One that an earlier schedule of the new name has left is not this one's.
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
-- Should that be refused, it is as harmless as the mark of a schedule that was deleted.
if mark then redis.pcall('HDEL', KEYS[3], ARGV[1]) end
return {'OK'}
