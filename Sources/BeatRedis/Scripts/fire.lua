-- Fires occurrences that go to the same lists. For each occurrence its message is pushed and its bookkeeping advanced,
-- both or neither, and each has an answer of its own. One call for many costs the server half of what a call for each
-- would.
--
-- KEYS[1]     watermarks, one field per entry       HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- KEYS[2]     lease                                 STRING
-- KEYS[3]     history                               STREAM
-- KEYS[4...]  lists to push to, in the broker's database  LIST (may be absent)
-- and then    the schedule documents, one for each occurrence    STRING
-- ARGV[1]     lease token; '' = do not check the lease
-- ARGV[2]     how many microseconds a due time may be ahead of this server's clock
-- ARGV[3]     the store's database, ARGV[4] the broker's, on this server
-- ARGV[5]     the longest that a list may be; '' or 0 = any length
-- ARGV[6]     about how many entries the history keeps; '' or 0 = none, and the history is not touched
-- ARGV[7]     how many lists
-- and then for each occurrence, in the order of the documents:
--   entry
--   the watermark to store; its first 20 digits, the due time, are compared as text: numbers are exact below 2^53 only
--   the document's bytes on which the caller decided
--   how many of those bytes stay at the beginning of the document to store
--   the bytes to store after those
--   the message
--   the reason of the fire, for the history
--
-- Returns for each occurrence 'OK' | 'FENCED' | 'ALREADY_MINE' | {'ALREADY', watermark} | 'GONE' | 'CHANGED'
--       | {'EARLY', this server's microseconds} | {'BADQUEUE', list, type} | {'FULL', list's length}
--       | {'ERR', '<command>: <error>'}
-- and after these, if a command failed that a fire can do without: its error.
-- Sending the same call again is always safe.
local call, pcall, sub, match, format = redis.call, redis.pcall, string.sub, string.match, string.format
local mark, lease, history = KEYS[1], KEYS[2], KEYS[3]
local token, store, broker = ARGV[1], ARGV[3], ARGV[4]
local longest, remembered = tonumber(ARGV[5]) or 0, tonumber(ARGV[6]) or 0
local last = 3 + ARGV[7]  -- the index of the last list
local count = #KEYS - last
local first, width = 8, 7  -- where the occurrences' arguments begin, and how many each has
local answers = {}

local function id(of) return match(of, '[^|]*', 22) end

if token ~= '' and call('GET', lease) ~= token then
  for i = 1, count do answers[i] = 'FENCED' end
  return answers
end

local entries = {}
for i = 1, count do entries[i] = ARGV[first + (i - 1) * width] end
local marks = call('HMGET', mark, unpack(entries))
local documents = call('MGET', unpack(KEYS, last + 1))
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local latest = now + ARGV[2]

-- The indexes of the occurrences that can be fired, and their entries.
local ready, taken = {}, {}
for i = 1, count do
  local place = first + (i - 1) * width
  local entry, new, old = entries[i], ARGV[place + 1], ARGV[place + 2]
  local due, marked, stands = sub(new, 1, 20), marks[i], documents[i]
  -- The watermark is compared before the document: after a lost reply, the document was changed by this daemon's own
  -- fire.
  if marked and sub(marked, 1, 20) >= due then
    answers[i] = {'ALREADY', sub(marked, 1, 100)}
    if id(marked) == id(new) then answers[i] = 'ALREADY_MINE' end
  elseif not stands then
    -- MGET returns nil both for an absent key and for one that is no string.
    answers[i] = call('TYPE', KEYS[last + i]).ok == 'none' and 'GONE' or 'CHANGED'
  elseif stands ~= old then
    answers[i] = 'CHANGED'
  elseif taken[entry] then
    -- The watermark that was read does not include the fire before, in this same call.
    answers[i] = 'CHANGED'
  elseif tonumber(due) > latest then
    answers[i] = {'EARLY', format('%.0f', now)}
  else
    ready[#ready + 1] = i
    taken[entry] = true
  end
end
if #ready == 0 then return answers end

local problem
-- A single list without a limit shows its type by an error of LPUSH, before anything is pushed.
if last > 4 or longest > 0 then
  if broker ~= store then call('SELECT', broker) end
  local room = #ready
  for i = 4, last do
    local there = call('TYPE', KEYS[i]).ok
    if there ~= 'list' and there ~= 'none' then problem = {'BADQUEUE', KEYS[i], there} end
    if not problem and longest > 0 then
      local length = call('LLEN', KEYS[i])
      while length + room > longest and room > 0 do
        answers[ready[room]] = {'FULL', length + room - 1}
        ready[room] = nil
        room = room - 1
      end
    end
  end
  if broker ~= store then call('SELECT', store) end
end

local messages, fields = {}, {}
for n, i in ipairs(ready) do
  local place = first + (i - 1) * width
  messages[n] = ARGV[place + 5]
  fields[2 * n - 1], fields[2 * n] = entries[i], ARGV[place + 1]
end

-- The watermark is written before the push: if Redis refuses it, nothing was sent. A push might be impossible to take
-- back with this user's rights.
if not problem and #fields > 0 then
  local reply = pcall('HSET', mark, unpack(fields))
  if type(reply) == 'table' and reply.err then problem = {'ERR', 'HSET: ' .. reply.err} end
end

local lacked
if not problem and #messages > 0 then
  if broker ~= store then call('SELECT', broker) end
  local pushed, stays = 3, false
  for i = 4, last do
    local reply = pcall('LPUSH', KEYS[i], unpack(messages))
    if type(reply) == 'table' and reply.err then
      local there = call('TYPE', KEYS[i]).ok
      problem = {'ERR', 'LPUSH: ' .. reply.err}
      if there ~= 'list' and there ~= 'none' then problem = {'BADQUEUE', KEYS[i], there} end
      break
    end
    pushed = i
  end
  if problem then
    -- This takes back exactly what was pushed: while the script runs, no worker can have taken a message.
    for i = 4, pushed do
      for _ = 1, #messages do
        local taken = pcall('LPOP', KEYS[i])
        if type(taken) == 'table' and taken.err then stays = true end
      end
    end
  end
  if broker ~= store then call('SELECT', store) end
  if stays then
    -- A message that cannot be taken back counts as sent, though not to all lists: otherwise each retry would send it
    -- again.
    lacked, problem = problem[2], nil
  elseif problem then
    local absent, seen, back = {}, {}, {}
    for n, i in ipairs(ready) do
      if marks[i] then
        back[#back + 1], back[#back + 2] = entries[i], marks[i]
      else
        absent[#absent + 1] = entries[i]
        -- A user who may not delete a watermark stores one that says "first seen just before it is due".
        seen[#seen + 1] = entries[i]
        seen[#seen + 1] = format('%020.0f||0', tonumber(sub(fields[2 * n], 1, 20)) - 1)
      end
    end
    if #back > 0 then call('HSET', mark, unpack(back)) end
    if #absent > 0 then
      local reply = pcall('HDEL', mark, unpack(absent))
      if type(reply) == 'table' then call('HSET', mark, unpack(seen)) end
    end
  end
end
if problem then
  for _, i in ipairs(ready) do answers[i] = problem end
end
if problem or #ready == 0 then return answers end

-- The history is for users: an error there does not undo a fire. One XADD for many runs costs the server much less than
-- one for each would.
local function remember(...)
  local told = pcall('XADD', history, 'MAXLEN', '~', ARGV[6], '*', ...)
  if type(told) == 'table' and told.err then lacked = told.err end
end
local function rememberOne(i)
  local place = first + (i - 1) * width
  local new = ARGV[place + 1]
  local due = tonumber(sub(new, 1, 20))
  remember(
    'name', entries[i], 'id', id(new), 'due', format('%d', due), 'late', format('%d', now - due), 'why', ARGV[place + 6])
end

-- The fields of one entry for the runs that have the same reason: the time and the reason, then the watermark and the
-- name of each run.
local why = ARGV[first + (ready[1] - 1) * width + 6]
local together, size = {'at', format('%.0f', now), 'why', why}, 4
for _, i in ipairs(ready) do
  local document, place = KEYS[last + i], first + (i - 1) * width
  local old, kept, rest = ARGV[place + 2], ARGV[place + 3], ARGV[place + 4]
  answers[i] = 'OK'
  -- The document is written in place where it fits. Other clients hardly ever do that, so that its event, `setrange`,
  -- shows the daemon's own write.
  local shorter = kept + #rest < #old
  local written = not shorter and pcall('SETRANGE', document, kept, rest)
  if type(written) == 'table' then lacked = written.err end
  if shorter or type(written) == 'table' then
    local reply = pcall('SET', document, sub(old, 1, kept) .. rest, 'KEEPTTL')
    if reply.err then answers[i] = {'ERR', 'SET: ' .. reply.err} end
  end
  if remembered > 0 then
    if #ready == 1 or ARGV[place + 6] ~= why then
      rememberOne(i)
    else
      together[size + 1], together[size + 2] = ARGV[place + 1], entries[i]
      size = size + 2
    end
  end
end
if size > 4 then remember(unpack(together)) end
answers[count + 1] = lacked
return answers
