-- What is known of one occurrence, and each change of it, in one step.
--
-- KEYS[1]  STRING, `<done>`, or `<done> <running> <token> <deadline> <copy>`; "-" where there is none:
--            done      the newest attempt that has ended, `<replacements>.<retries>`
--            running   the attempt that a worker has begun, and
--            token       the name of this run
--            deadline    Redis' time in ms up to which the run counts as alive without being renewed
--            copy        the name of the one copy of the message that comes back while the run is alive
-- ARGV     verb, token, replacements, retries, lease (ms), keep (ms); with `return`: copy, known copy
-- Output   begin    {"run"} | {"done"} | {"busy", ms until the deadline, copy}
--          renew    {"ours"} | {"taken"}: the run is another's, or has been ended by another
--          finish   {"ours"} | {"taken"}: the attempt has ended; whose run is recorded stays
--          release  {"ours"} | {"taken"}: the run is given up, as if it had not begun
--          return   {"ours"} | {"taken"}: `copy` is the one that comes back, unless a copy other than the known one is
local verb, token = ARGV[1], ARGV[2]
local mine = {tonumber(ARGV[3]), tonumber(ARGV[4])}
local lease, keep = tonumber(ARGV[5]), tonumber(ARGV[6])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function read(text)
  local replacements, retries = string.match(text, '^(%d+)%.(%d+)$')
  return replacements and {tonumber(replacements), tonumber(retries)}
end

local function written(attempt)
  return attempt and string.format('%.0f.%.0f', attempt[1], attempt[2]) or '-'
end

local function precedes(a, b)
  return a[1] < b[1] or a[1] == b[1] and a[2] < b[2]
end

local done, running
local stored = redis.call('GET', KEYS[1]) or ''
local ended, begun, owner, deadline, copy = string.match(stored, '^(%S+) (%S+) (%S+) (%d+) (%S+)$')
done = read(ended or stored)
if begun and read(begun) then
  running = {attempt = read(begun), token = owner, deadline = tonumber(deadline), copy = copy}
end

local function save()
  if running then
    local text = string.format('%s %s %s %.0f %s', written(done), written(running.attempt), running.token,
      running.deadline, running.copy)
    redis.call('SET', KEYS[1], text, 'PX', keep)
  elseif done then
    redis.call('SET', KEYS[1], written(done), 'PX', keep)
  else
    redis.call('DEL', KEYS[1])
  end
end

local function note(attempt)
  if not done or precedes(done, attempt) then done = attempt end
end

local function claim()
  running = {attempt = mine, token = token, deadline = now + lease, copy = '-'}
end

local ours = running and running.token == token

if verb == 'begin' then
  if done and not precedes(done, mine) then return {'done'} end
  if running and not ours then
    -- A message of the next attempt is sent by the one before, which may not have said yet that it has ended.
    if precedes(mine, running.attempt) then return {'done'} end
    if precedes(running.attempt, mine) then
      note(running.attempt)
    elseif running.deadline > now then
      return {'busy', running.deadline - now, running.copy}
    end
  end
  claim()
  save()
  return {'run'}
end

if verb == 'renew' then
  if ours then
    running.deadline = now + lease
  elseif not running and not done then
    -- The record is gone: evicted, or Redis has begun anew.
    claim()
    ours = true
  end
  if ours then save() end
elseif verb == 'finish' then
  note(mine)
  if ours then running = nil end
  save()
elseif verb == 'release' and ours then
  running = nil
  save()
elseif verb == 'return' then
  ours = running and not precedes(mine, running.attempt) and not precedes(running.attempt, mine)
    and (running.copy == '-' or running.copy == ARGV[8])
  if ours then
    running.copy = ARGV[7]
    save()
  end
end
return {ours and 'ours' or 'taken'}
