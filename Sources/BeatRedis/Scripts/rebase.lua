-- Replaces a watermark, even by an older one, after the clock was set or after an edit. It replaces only the watermark
-- that the caller expects, and only for the daemon that fires: a daemon that took over since then counts from another
-- moment.
--
-- KEYS[1]  watermarks    HASH      entry -> "<due>|<task id>|<total run count>|<digest>"
-- KEYS[2]  lease         STRING
-- ARGV[1]  entry
-- ARGV[2]  the due time that the watermark is expected to have, 20 digits
-- ARGV[3]  the watermark to store
-- ARGV[4]  lease token; '' = do not check the lease
-- ARGV[5]  '' or the whole watermark that is expected, if its time cannot be read; a long one as read.lua returned it
-- ARGV[6]  with ARGV[5]: the longest watermark; of a longer one only this many bytes and one more are compared
--
-- Returns 1 if it was replaced, 0 if the watermark is another or absent, or if another daemon has the lease.
if ARGV[4] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[4] then return 0 end
-- HMGET is also used for reading: a user of Redis who may read watermarks may replace them.
local marked = redis.call('HMGET', KEYS[1], ARGV[1])[1]
if not marked then return 0 end
if (ARGV[5] or '') ~= '' then
  if string.sub(marked, 1, ARGV[6] + 1) ~= ARGV[5] then return 0 end
elseif string.sub(marked, 1, 20) ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
