-- One pulse of one daemon: its heartbeat, the lease, and what tells whether the store is still the same.
--
-- KEYS[1]  heartbeat of this daemon    STRING  sequence number
-- KEYS[2]  incarnation                 STRING  random word
-- KEYS[3]  lease                       STRING  "<instance>:<epoch>"
-- KEYS[4]  epoch                       STRING  integer, grows with each new holder
-- ARGV[1]  sequence
-- ARGV[2]  milliseconds that the heartbeat lives
-- ARGV[3]  word for the incarnation, if there is none; never the same twice
-- ARGV[4]  our instance
-- ARGV[5]  milliseconds that the lease lasts; '0' = no lease is wanted
--
-- Returns {previous sequence or '', incarnation, lease's token or '', milliseconds that it lasts, seconds, microseconds}
local previous = redis.call('GET', KEYS[1]) or ''
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], ARGV[3], 'NX')
local token, remaining = '', 0
if ARGV[5] ~= '0' then
  token = redis.call('GET', KEYS[3]) or ''
  -- A lease that never runs out is none of ours, and would keep every daemon quiet for ever. One that lasts longer than
  -- anybody's may, an hour, is from before this server's clock was set back, and would do so for as long as that.
  local lasts = redis.call('PTTL', KEYS[3])
  if token == '' or lasts == -1 or lasts > 3600000 then
    token = ARGV[4] .. ':' .. redis.call('INCR', KEYS[4])
    redis.call('SET', KEYS[3], token, 'PX', ARGV[5])
  elseif string.sub(token, 1, #ARGV[4] + 1) == ARGV[4] .. ':' then
    -- Ours, perhaps from a pulse whose reply was lost.
    redis.call('SET', KEYS[3], token, 'PX', ARGV[5])
  end
  remaining = redis.call('PTTL', KEYS[3])
end
local time = redis.call('TIME')
return {previous, redis.call('GET', KEYS[2]), token, remaining, time[1], time[2]}
