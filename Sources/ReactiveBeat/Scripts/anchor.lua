-- Keeps the time a schedule was first seen, unless a newer mark stands there.
--
-- KEYS[1]  mark    HASH    entry -> "<due>|<task id>|<total run count>"
-- ARGV[1]  entry
-- ARGV[2]  the mark to store; its first 20 bytes are the time
--
-- Returns 1 if it was stored, 0 if another, as new or newer, stands there.
local marked = redis.call('HGET', KEYS[1], ARGV[1])
if marked and string.sub(marked, 1, 20) >= string.sub(ARGV[2], 1, 20) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
