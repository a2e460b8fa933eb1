-- Gives the lease back, if it is still ours: whatever its epoch, for the answer that told it may be on its way.
--
-- KEYS[1]  lease    STRING  "<instance>:<epoch>"
-- ARGV[1]  our instance
--
-- Returns 1 if it was given back, 0 if it was not ours any more.
local token = redis.call('GET', KEYS[1])
if not token or string.sub(token, 1, #ARGV[1] + 1) ~= ARGV[1] .. ':' then return 0 end
return redis.call('DEL', KEYS[1])
