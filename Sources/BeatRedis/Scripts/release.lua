-- Gives the lease back if this daemon holds it, with any epoch: the reply that told the newest one may be on its way.
--
-- KEYS[1]  lease    STRING  "<instance>:<epoch>"
-- ARGV[1]  this daemon's instance
--
-- Returns 1 if it was given back, 0 if this daemon did not hold it.
local token = redis.call('GET', KEYS[1])
if not token or string.sub(token, 1, #ARGV[1] + 1) ~= ARGV[1] .. ':' then return 0 end
return redis.call('DEL', KEYS[1])
