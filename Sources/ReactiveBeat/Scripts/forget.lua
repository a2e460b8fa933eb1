-- Forgets the mark of a schedule that is gone, if nothing has changed since the caller looked.
--
-- KEYS[1]  mark        HASH      entry -> "<due>|<task id>|<total run count>|<digest>"
-- KEYS[2]  document    STRING    must be absent
-- ARGV[1]  entry
-- ARGV[2]  the mark that the caller has seen
--
-- Returns 1 if it was forgotten, 0 if the document stands there or the mark is another one.
if redis.call('EXISTS', KEYS[2]) == 1 or redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
