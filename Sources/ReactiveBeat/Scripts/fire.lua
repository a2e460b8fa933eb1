-- Fires one occurrence: pushes its message and advances the bookkeeping, both or neither.
--
-- KEYS[1]     schedule document                     STRING
-- KEYS[2]     mark, one field per entry             HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- KEYS[3]     lease                                 STRING
-- KEYS[4]     history                               STREAM
-- KEYS[5...]  lists to push to, in the broker's database  LIST (may be absent)
-- ARGV[1]     lease token; '' = do not check the lease
-- ARGV[2]     the document's bytes that the caller decided on
-- ARGV[3]     the document's bytes to store
-- ARGV[4]     the message
-- ARGV[5]     entry
-- ARGV[6]     due, microseconds since 1970 as 20 digits; compared as text, since numbers are exact below 2^53 only
-- ARGV[7]     task id
-- ARGV[8]     the mark to store
-- ARGV[9]     how far, in microseconds, due may lie ahead of this server's clock
-- ARGV[10]    the store's database, ARGV[11] the broker's, on this server
-- ARGV[12]    the longest that a list may be; '' or 0 = any length
-- ARGV[13]    about how many fires the history keeps; '' or 0 = none, and it is left alone
-- ARGV[14]    why it is fired, for the history
--
-- Returns {'OK'} | {'FENCED'} | {'ALREADY_MINE'} | {'ALREADY', mark} | {'GONE'} | {'CHANGED'}
--       | {'EARLY', this server's microseconds} | {'BADQUEUE', list, type} | {'FULL', list's length}
--       | {'ERR', '<command>: <error>'}
-- Sending the same call again is always safe.
local document, mark, lease = KEYS[1], KEYS[2], KEYS[3]
local token, old, new, message, entry, due, id = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local store, broker, longest = ARGV[10], ARGV[11], tonumber(ARGV[12]) or 0

if token ~= '' and redis.call('GET', lease) ~= token then return {'FENCED'} end

-- The mark comes before the bytes: after a reply that was lost, the document has changed by our own hand.
local marked = redis.call('HGET', mark, entry)
if marked and string.sub(marked, 1, 20) >= due then
  if string.sub(marked, 22, 21 + #id) == id then return {'ALREADY_MINE'} end
  return {'ALREADY', marked}
end

local stands = redis.call('TYPE', document).ok
if stands == 'none' then return {'GONE'} end
if stands ~= 'string' or redis.call('GET', document) ~= old then return {'CHANGED'} end

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if tonumber(due) > now + tonumber(ARGV[9]) then return {'EARLY', string.format('%.0f', now)} end

if broker ~= store then redis.call('SELECT', broker) end
local problem
for i = 5, #KEYS do
  local there = redis.call('TYPE', KEYS[i]).ok
  if there ~= 'list' and there ~= 'none' then problem = {'BADQUEUE', KEYS[i], there} end
  if not problem and longest > 0 then
    local length = redis.call('LLEN', KEYS[i])
    if length >= longest then problem = {'FULL', length} end
  end
end
local pushed = 4
if not problem then
  for i = 5, #KEYS do
    local reply = redis.pcall('LPUSH', KEYS[i], message)
    if type(reply) == 'table' and reply.err then
      problem = {'ERR', 'LPUSH: ' .. reply.err}
      break
    end
    pushed = i
  end
end
if broker ~= store then redis.call('SELECT', store) end

if not problem then
  local reply = redis.pcall('HSET', mark, entry, ARGV[8])
  if type(reply) == 'table' and reply.err then problem = {'ERR', 'HSET: ' .. reply.err} end
end
if problem then
  -- Exact: while the script runs, nobody can have taken what it pushed.
  if pushed > 4 then
    if broker ~= store then redis.call('SELECT', broker) end
    for i = 5, pushed do redis.call('LPOP', KEYS[i]) end
    if broker ~= store then redis.call('SELECT', store) end
  end
  return problem
end

-- In place where it fits: hardly anybody else does that, so its event, `setrange`, tells whose write it was.
if #new < #old or type(redis.pcall('SETRANGE', document, 0, new)) == 'table' then
  redis.call('SET', document, new, 'KEEPTTL')
end

-- For people: what goes wrong here does not undo the fire.
if (tonumber(ARGV[13]) or 0) > 0 then
  redis.pcall(
    'XADD', KEYS[4], 'MAXLEN', '~', ARGV[13], '*', 'name', entry, 'id', id, 'due', string.format('%.0f', tonumber(due)),
    'late', string.format('%.0f', now - tonumber(due)), 'why', ARGV[14])
end
return {'OK'}
