-- One pulse of one daemon: its heartbeat, the lease, and what tells whether the store is still the same.
--
-- KEYS[1]  heartbeat of this daemon    STRING  sequence number
-- KEYS[2]  incarnation                 STRING  random word
-- KEYS[3]  lease                       STRING  "<instance>:<epoch>"
-- KEYS[4]  epoch                       STRING  integer, grows with each new holder
-- KEYS[5]  offer                       STRING  the token of a holder that lacks something: whoever does not may take over
-- ARGV[1]  sequence
-- ARGV[2]  milliseconds that the heartbeat lives
-- ARGV[3]  word for the incarnation, if there is none; never the same twice
-- ARGV[4]  our instance
-- ARGV[5]  milliseconds that the lease lasts; '0' = without a lease
-- ARGV[6]  what is asked for: 'nothing', 'free' = the lease if it is free, 'offered' = also one that is offered
-- ARGV[7]  '1' = a lease of ours is offered
--
-- Returns {previous sequence or '', incarnation, lease's token or '', milliseconds that it lasts, seconds, microseconds,
--          1 if it is offered, what stood in the epoch's key and was no number or ''}
-- All that may be refused comes before the lease: who cannot do all of it does not get it, and does not keep it.
local time = redis.call('TIME')
local previous = redis.call('GET', KEYS[1]) or ''
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], ARGV[3], 'NX')
local incarnation = redis.call('GET', KEYS[2])
local answer = {previous, incarnation, '', 0, time[1], time[2], 0, ''}
if ARGV[5] == '0' then return answer end

local token = redis.call('GET', KEYS[3]) or ''
local lasts = redis.call('PTTL', KEYS[3])
local offered = token ~= '' and redis.call('GET', KEYS[5]) == token
local ours = string.sub(token, 1, #ARGV[4] + 1) == ARGV[4] .. ':'
-- A lease that never runs out is none of ours, and would keep every daemon quiet for ever. One that lasts longer than
-- anybody's may, an hour, is from before this server's clock was set back, and would do so for as long as that.
local free = token == '' or lasts == -1 or lasts > 3600000
if ARGV[6] ~= 'nothing' and (free or ours or (offered and ARGV[6] == 'offered')) then
  -- Ours may be from a pulse whose reply was lost.
  if free or not ours then
    local epoch = redis.pcall('INCR', KEYS[4])
    local problem = type(epoch) == 'table' and epoch.err
    if problem and not string.find(problem, 'not an integer') and not string.find(problem, 'overflow') then
      return epoch
    end
    -- A number of more digits is not written as it is.
    if problem or epoch > 99999999999999 then
      -- The seconds since 1970 are more than any daemon has counted to.
      answer[8] = redis.call('GET', KEYS[4])
      epoch = time[1]
      redis.call('SET', KEYS[4], epoch)
    end
    token = ARGV[4] .. ':' .. epoch
  end
  offered = ARGV[7] == '1'
  if offered then
    redis.call('SET', KEYS[5], token, 'PX', ARGV[5])
  elseif redis.call('GET', KEYS[5]) then
    redis.call('DEL', KEYS[5])
  end
  redis.call('SET', KEYS[3], token, 'PX', ARGV[5])
  lasts = tonumber(ARGV[5])
elseif lasts == -1 then
  lasts = 0
end
answer[3], answer[4], answer[7] = token, lasts, offered and 1 or 0
return answer
