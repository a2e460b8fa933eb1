-- Replaces a mark, even by an older one, after the clock was set; only the mark that the caller knows.
--
-- KEYS[1]  mark    HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- ARGV[1]  entry
-- ARGV[2]  the time that the mark is expected to hold, 20 digits
-- ARGV[3]  the mark to store
--
-- Returns 1 if it was replaced, 0 if it holds another time, or if there is none.
-- HMGET, as where it was read: a user of Redis who may read marks may replace them.
local marked = redis.call('HMGET', KEYS[1], ARGV[1])[1]
if not marked or string.sub(marked, 1, 20) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
