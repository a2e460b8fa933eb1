-- Keeps the time a schedule was first seen, unless a mark stands there: whoever saw it first was right.
--
-- KEYS[1]  mark    HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- ARGV[1]  entry
-- ARGV[2]  the mark to store
--
-- Returns 1 if it was stored, 0 if another stands there.
if redis.call('HGET', KEYS[1], ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
