-- Fires occurrences that go to the same lists: of each, its message is pushed and its bookkeeping advanced, both or
-- neither. Each has an answer of its own. Together they cost the server half of what they cost one by one.
--
-- KEYS[1]     mark, one field per entry             HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- KEYS[2]     lease                                 STRING
-- KEYS[3]     history                               STREAM
-- KEYS[4...]  lists to push to, in the broker's database  LIST (may be absent)
-- and then    the schedule documents, one for each occurrence    STRING
-- ARGV[1]     lease token; '' = do not check the lease
-- ARGV[2]     how far, in microseconds, due may lie ahead of this server's clock
-- ARGV[3]     the store's database, ARGV[4] the broker's, on this server
-- ARGV[5]     the longest that a list may be; '' or 0 = any length
-- ARGV[6]     about how many fires the history keeps; '' or 0 = none, and it is left alone
-- ARGV[7]     how many lists
-- and then for each occurrence, in the order of the documents:
--   entry
--   due, microseconds since 1970 as 20 digits; compared as text, since numbers are exact below 2^53 only
--   task id
--   the mark to store
--   the document's bytes that the caller decided on
--   the document's bytes to store
--   the message
--   why it is fired, for the history
--
-- Returns for each occurrence 'OK' | 'FENCED' | 'ALREADY_MINE' | {'ALREADY', mark} | 'GONE' | 'CHANGED'
--       | {'EARLY', this server's microseconds} | {'BADQUEUE', list, type} | {'FULL', list's length}
--       | {'ERR', '<command>: <error>'}
-- Sending the same call again is always safe.
local mark, lease, token, store, broker = KEYS[1], KEYS[2], ARGV[1], ARGV[3], ARGV[4]
local longest, history = tonumber(ARGV[5]) or 0, tonumber(ARGV[6]) or 0
local last = 3 + ARGV[7]  -- of the lists
local count = #KEYS - last
local first, width = 8, 8  -- where the occurrences' arguments begin, and how many each has
local answers = {}

if token ~= '' and redis.call('GET', lease) ~= token then
  for i = 1, count do answers[i] = 'FENCED' end
  return answers
end

local entries = {}
for i = 1, count do entries[i] = ARGV[first + (i - 1) * width] end
local marks = redis.call('HMGET', mark, unpack(entries))
local documents = redis.call('MGET', unpack(KEYS, last + 1))
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local latest = now + ARGV[2]

-- The places of those that can be fired, and the entries among them.
local ready, taken = {}, {}
for i = 1, count do
  local place = first + (i - 1) * width
  local entry, due, id, old = ARGV[place], ARGV[place + 1], ARGV[place + 2], ARGV[place + 4]
  local marked, stands = marks[i], documents[i]
  -- The mark comes before the bytes: after a reply that was lost, the document has changed by our own hand.
  if marked and string.sub(marked, 1, 20) >= due then
    answers[i] = {'ALREADY', marked}
    if string.sub(marked, 22, 21 + #id) == id then answers[i] = 'ALREADY_MINE' end
  elseif not stands then
    -- MGET does not tell what is no string from what is not there.
    answers[i] = redis.call('TYPE', KEYS[last + i]).ok == 'none' and 'GONE' or 'CHANGED'
  elseif stands ~= old then
    answers[i] = 'CHANGED'
  elseif taken[entry] then
    -- The mark that was read is older than what happens here.
    answers[i] = 'CHANGED'
  elseif tonumber(due) > latest then
    answers[i] = {'EARLY', string.format('%.0f', now)}
  else
    ready[#ready + 1] = i
    taken[entry] = true
  end
end
if #ready == 0 then return answers end

if broker ~= store then redis.call('SELECT', broker) end
local problem
-- One list alone shows its type by an error, before anything is written.
if last > 4 or longest > 0 then
  local room = #ready
  for i = 4, last do
    local there = redis.call('TYPE', KEYS[i]).ok
    if there ~= 'list' and there ~= 'none' then problem = {'BADQUEUE', KEYS[i], there} end
    if not problem and longest > 0 then
      local length = redis.call('LLEN', KEYS[i])
      while length + room > longest and room > 0 do
        answers[ready[room]] = {'FULL', length + room - 1}
        ready[room] = nil
        room = room - 1
      end
    end
  end
end

local messages, fields = {}, {}
for n, i in ipairs(ready) do
  local place = first + (i - 1) * width
  messages[n] = ARGV[place + 6]
  fields[2 * n - 1], fields[2 * n] = ARGV[place], ARGV[place + 3]
end
local pushed = 3
if not problem and #messages > 0 then
  for i = 4, last do
    local reply = redis.pcall('LPUSH', KEYS[i], unpack(messages))
    if type(reply) == 'table' and reply.err then
      local there = redis.call('TYPE', KEYS[i]).ok
      problem = {'ERR', 'LPUSH: ' .. reply.err}
      if there ~= 'list' and there ~= 'none' then problem = {'BADQUEUE', KEYS[i], there} end
      break
    end
    pushed = i
  end
end
if broker ~= store then redis.call('SELECT', store) end

if not problem and #fields > 0 then
  local reply = redis.pcall('HSET', mark, unpack(fields))
  if type(reply) == 'table' and reply.err then problem = {'ERR', 'HSET: ' .. reply.err} end
end
if problem then
  -- Exact: while the script runs, nobody can have taken what it pushed.
  if pushed > 3 then
    if broker ~= store then redis.call('SELECT', broker) end
    for i = 4, pushed do
      for _ = 1, #messages do redis.call('LPOP', KEYS[i]) end
    end
    if broker ~= store then redis.call('SELECT', store) end
  end
  for _, i in ipairs(ready) do answers[i] = problem end
  return answers
end

for _, i in ipairs(ready) do
  local document, place = KEYS[last + i], first + (i - 1) * width
  local old, new = ARGV[place + 4], ARGV[place + 5]
  answers[i] = 'OK'
  -- In place where it fits: hardly anybody else does that, so its event, `setrange`, tells whose write it was.
  if #new < #old or type(redis.pcall('SETRANGE', document, 0, new)) == 'table' then
    local reply = redis.pcall('SET', document, new, 'KEEPTTL')
    if reply.err then answers[i] = {'ERR', 'SET: ' .. reply.err} end
  end
  -- For people: what goes wrong here does not undo the fire.
  if history > 0 then
    local due = tonumber(ARGV[place + 1])
    redis.pcall(
      'XADD', KEYS[3], 'MAXLEN', '~', ARGV[6], '*', 'name', ARGV[place], 'id', ARGV[place + 2],
      'due', string.format('%.0f', due), 'late', string.format('%.0f', now - due), 'why', ARGV[place + 7])
  end
end
return answers
