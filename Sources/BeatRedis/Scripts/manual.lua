-- Carries out a manual request once, or refuses it. It removes the request and answers it.
--
-- KEYS[1]     lease                                 STRING
-- KEYS[2]     requests                              HASH    request -> "<deadline>|<entry>"
-- KEYS[3]     answer                                LIST    one line; expires after a minute
-- KEYS[4]     schedule document                     STRING
-- KEYS[5]     history                               STREAM
-- KEYS[6...]  lists to push to, in the broker's database  LIST (may be absent)
-- ARGV[1]     lease token; '' = do not check the lease
-- ARGV[2]     request
-- ARGV[3]     its deadline, microseconds since 1970 as 20 digits
-- ARGV[4]     why the request is refused; '' = it is fired
-- ARGV[5]     the document's bytes on which the caller decided
-- ARGV[6]     the message
-- ARGV[7]     entry
-- ARGV[8]     task id
-- ARGV[9]     the store's database, ARGV[10] the broker's, on this server
-- ARGV[11]    the longest that a list may be; 0 = any length
-- ARGV[12]    about how many fires the history keeps; 0 = none
--
-- Returns {'OK', the error of a command that a fire can do without, or ''} | {'FENCED'}
--       | {'ALREADY'} another call has handled it | {'LATE'} its deadline has passed | {'CHANGED'} | {'REFUSED', why}
--       | {'FAILED', error} nothing was sent and nothing answered: Redis refused a command
local lease, requests, answer, document, history = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local token, request, deadline, refusal = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local store, broker, longest = ARGV[9], ARGV[10], tonumber(ARGV[11])

if token ~= '' and redis.call('GET', lease) ~= token then return {'FENCED'} end
if redis.call('HEXISTS', requests, request) == 0 then return {'ALREADY'} end

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if now > tonumber(deadline) then
  redis.call('HDEL', requests, request)
  return {'LATE'}
end

-- The request is removed and answered before anything is sent. A user who may not do that sends nothing, and nothing
-- twice.
if refusal == '' and redis.call('GET', document) ~= ARGV[5] then return {'CHANGED'} end
redis.call('HDEL', requests, request)
local function reply(text)
  redis.call('LPUSH', answer, text)
  local bounded = redis.pcall('EXPIRE', answer, 60)
  if type(bounded) == 'table' then
    redis.call('DEL', answer)
    return bounded
  end
end
local failed = reply(refusal == '' and 'fired ' .. ARGV[8] or 'refused ' .. refusal)
if failed then return failed end

if refusal == '' then
  if broker ~= store then redis.call('SELECT', broker) end
  for i = 6, #KEYS do
    local length = redis.pcall('LLEN', KEYS[i])
    local problem, failure
    if type(length) == 'table' then
      if string.find(length.err, 'WRONGTYPE') then
        problem = 'the queue\'s key ' .. KEYS[i] .. ' is no list: ' .. length.err
      else
        failure = length.err
      end
    elseif longest > 0 and length >= longest then
      problem = 'the outbox is full: ' .. length .. ' messages wait for the broker'
    else
      local pushed = redis.pcall('LPUSH', KEYS[i], ARGV[6])
      if type(pushed) == 'table' then failure = pushed.err end
    end
    if problem or failure then
      -- This takes back exactly what was pushed: while the script runs, no worker can have taken a message.
      for j = 6, i - 1 do redis.call('LPOP', KEYS[j]) end
      if failure then
        if broker ~= store then redis.call('SELECT', store) end
        redis.call('DEL', answer)
        return {'FAILED', failure}
      end
      refusal = problem
      break
    end
  end
  if broker ~= store then redis.call('SELECT', store) end
  if refusal ~= '' then
    -- The client that waits for the answer gets it when the script has ended.
    redis.call('DEL', answer)
    reply('refused ' .. refusal)
  end
end

if refusal ~= '' then return {'REFUSED', refusal} end
local lacked = ''
if tonumber(ARGV[12]) > 0 then
  local kept = redis.pcall(
    'XADD', history, 'MAXLEN', '~', ARGV[12], '*', 'name', ARGV[7], 'id', ARGV[8],
    'due', string.format('%.0f', now), 'late', '0', 'why', 'manual')
  if type(kept) == 'table' and kept.err then lacked = kept.err end
end
return {'OK', lacked}
