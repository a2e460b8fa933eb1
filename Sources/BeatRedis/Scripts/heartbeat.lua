-- One heartbeat of one daemon. It also reads or takes the lease, and shows whether the store is still the same.
--
-- KEYS[1]  heartbeat of this daemon    STRING  sequence number
-- KEYS[2]  incarnation                 STRING  random word
-- KEYS[3]  lease                       STRING  "<instance>:<epoch>"
-- KEYS[4]  epoch                       STRING  integer, grows with each new holder
-- KEYS[5]  offer                       STRING  the token of a holder that lacks something: others may take over
-- ARGV[1]  sequence
-- ARGV[2]  milliseconds that the heartbeat lives
-- ARGV[3]  word to store as the incarnation, if there is none; never the same twice
-- ARGV[4]  this daemon's instance
-- ARGV[5]  milliseconds that the lease lasts; '0' = without a lease
-- ARGV[6]  what is asked for: 'nothing', 'free' = the lease if it is free, 'offered' = the lease also if it is offered
-- ARGV[7]  '1' = this daemon offers its lease
--
-- Returns {previous sequence or '', incarnation, lease's token or '', milliseconds that it lasts, seconds,
--          microseconds, 1 if it is offered, {index in KEYS of a key with a foreign value, its beginning, ...}}
-- Every command that may be refused comes before the lease: a daemon that cannot do all of them neither gets nor
-- keeps it.
-- Values that other clients put into these keys are returned shortened, and none of them makes the heartbeat fail.
local longest = 128
local damaged = {}
local function found(place, what)
  damaged[#damaged + 1] = place
  damaged[#damaged + 1] = string.sub(what, 1, longest)
end

-- The key's text; '' if there is none, or if the key has another type, which is reported.
local failure
local function get(place)
  local value = redis.pcall('GET', KEYS[place])
  if type(value) == 'table' then
    if not string.find(value.err, 'WRONGTYPE') then
      failure = value
    else
      found(place, 'another Redis type')
    end
    return ''
  end
  return value or ''
end

local time = redis.call('TIME')
local previous = string.sub(get(1), 1, longest)
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], ARGV[3], 'NX')
local incarnation = get(2)
if #incarnation > longest then found(2, incarnation) end
local answer = {previous, string.sub(incarnation, 1, longest), '', 0, time[1], time[2], 0, damaged}
if failure then return failure end
if ARGV[5] == '0' then return answer end

local token = get(3)
local lasts = redis.call('PTTL', KEYS[3])
local offered = token ~= '' and get(5) == token
if failure then return failure end
local ours = string.sub(token, 1, #ARGV[4] + 1) == ARGV[4] .. ':'
-- A lease that never expires is no daemon's, and would keep every daemon from firing for ever. A lease of more than an
-- hour, the longest allowed, is from before this server's clock was set back, and would do so until it expires. A token
-- that no daemon can have written does not count, since no fire uses it. Any other text may be a newer version's, and
-- expires.
local free = token == '' or lasts == -1 or lasts > 3600000
if not ours and token ~= '' and not string.find(token, '^%w+:%d+$') then
  found(3, token)
  free = free or #token > longest or string.find(token, '[^%w%p]') ~= nil
end
if ARGV[6] ~= 'nothing' and (free or ours or (offered and ARGV[6] == 'offered')) then
  -- If the lease is this daemon's, the reply to an earlier heartbeat may have been lost.
  if free or not ours then
    local epoch = redis.pcall('INCR', KEYS[4])
    local problem = type(epoch) == 'table' and epoch.err
    if problem and string.find(problem, 'WRONGTYPE') then
      -- The value of another program stays. The epoch alone fences no daemon, since tokens hold the instance as well.
      found(4, 'another Redis type')
      epoch = time[1]
    elseif problem and not string.find(problem, 'not an integer') and not string.find(problem, 'overflow') then
      return epoch
    elseif problem or epoch > 99999999999999 then
      -- A number of more digits would be written in another form. The seconds since 1970 exceed any epoch that daemons
      -- have counted to.
      found(4, redis.call('GET', KEYS[4]))
      epoch = time[1]
      redis.call('SET', KEYS[4], epoch)
    end
    token = ARGV[4] .. ':' .. epoch
  end
  offered = ARGV[7] == '1'
  if offered then
    redis.call('SET', KEYS[5], token, 'PX', ARGV[5])
  elseif get(5) ~= '' then
    redis.call('DEL', KEYS[5])
  end
  if failure then return failure end
  redis.call('SET', KEYS[3], token, 'PX', ARGV[5])
  lasts = tonumber(ARGV[5])
elseif lasts == -1 then
  lasts = 0
end
answer[3], answer[4], answer[7] = string.sub(token, 1, longest), lasts, offered and 1 or 0
return answer
