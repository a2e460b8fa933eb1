-- Replaces a mark, even by an older one, after the clock was set or an edit; only the mark that the caller knows, and
-- only for the daemon that fires: whoever fires since counts from another moment.
--
-- KEYS[1]  mark    HASH      entry -> "<due>|<task id>|<total run count>|<digest>"
-- KEYS[2]  lease   STRING
-- ARGV[1]  entry
-- ARGV[2]  the time that the mark is expected to hold, 20 digits
-- ARGV[3]  the mark to store
-- ARGV[4]  lease token; '' = do not check the lease
-- ARGV[5]  '' or the whole mark that is expected, where its time cannot be read; of one that is too long, as it was told
-- ARGV[6]  with it: the longest mark; of a longer one only so many bytes and one more are compared
--
-- Returns 1 if it was replaced, 0 if it holds another time, if there is none, or if another daemon has the lease.
if ARGV[4] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[4] then return 0 end
-- HMGET, as where it was read: a user of Redis who may read marks may replace them.
local marked = redis.call('HMGET', KEYS[1], ARGV[1])[1]
if not marked then return 0 end
if (ARGV[5] or '') ~= '' then
  if string.sub(marked, 1, ARGV[6] + 1) ~= ARGV[5] then return 0 end
elseif string.sub(marked, 1, 20) ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
