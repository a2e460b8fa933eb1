-- Puts one message of the outbox on its queues, on a broker that is another server than the store: on all of them or on
-- none, and once, however often the script is called.
--
-- KEYS[1]    reactivebeat:dedup:<task id>             STRING
-- KEYS[2...] the same of messages that must have been delivered before    STRING
-- KEYS[...]  lists to push to                         LIST (may be absent)
-- ARGV[1]    the message
-- ARGV[2]    seconds for which a repeat is recognised
-- ARGV[3]    how many messages must have been delivered before
--
-- Returns {'OK'} | {'DUPLICATE'} | {'AFTER'} one of those messages was not delivered yet
--       | {'BADQUEUE', list, type} | {'ERR', command, error}
local message, first = ARGV[1], tonumber(ARGV[3]) + 2

if redis.call('EXISTS', KEYS[1]) == 1 then return {'DUPLICATE'} end
for i = 2, first - 1 do
  if redis.call('EXISTS', KEYS[i]) == 0 then return {'AFTER'} end
end
for i = first, #KEYS do
  local there = redis.call('TYPE', KEYS[i]).ok
  if there ~= 'list' and there ~= 'none' then return {'BADQUEUE', KEYS[i], there} end
end

local reply = redis.pcall('SET', KEYS[1], '1', 'EX', ARGV[2])
if reply.err then return {'ERR', 'SET', reply.err} end
for i = first, #KEYS do
  reply = redis.pcall('LPUSH', KEYS[i], message)
  if type(reply) == 'table' and reply.err then
    -- This takes back exactly what was pushed: while the script runs, no worker can have taken a message. A message
    -- that this user may not take back stays, and is remembered as delivered: otherwise each retry would push it again.
    for j = first, i - 1 do
      local taken = redis.pcall('LPOP', KEYS[j])
      if type(taken) == 'table' and taken.err then return {'ERR', 'LPUSH', reply.err} end
    end
    -- A user who may not delete the note lets it expire at once: a message that counts as delivered and is on no queue
    -- would be lost.
    local forgotten = redis.pcall('DEL', KEYS[1])
    if type(forgotten) == 'table' then redis.call('SET', KEYS[1], '1', 'PX', 1) end
    return {'ERR', 'LPUSH', reply.err}
  end
end
return {'OK'}
