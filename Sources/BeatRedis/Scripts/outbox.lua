-- Reads the oldest items of the outbox.
--
-- KEYS[1]  outbox    LIST    the oldest at the tail
-- ARGV[1]  how many of the oldest to pass over
-- ARGV[2]  how many to read at most
-- ARGV[3]  no further item is read once so many bytes are; the first is read however long it is
-- ARGV[4]  the newest of the items passed over; '' = any
-- ARGV[5]  longest item; a longer one is no daemon's, and only its first 100 bytes are returned
--
-- Returns {number of items in the outbox, item...}, the oldest first; {-1} if another item is in the place of ARGV[4].
local longest = tonumber(ARGV[5])
local function item(index)
  local item = redis.call('LINDEX', KEYS[1], index)
  if item and #item > longest then return string.sub(item, 1, 100) end
  return item
end
if ARGV[4] ~= '' and item(-ARGV[1]) ~= ARGV[4] then return {-1} end
local length = redis.call('LLEN', KEYS[1])
local answer, bytes = {length}, 0
local first = ARGV[1] + 1
for i = first, math.min(first + ARGV[2] - 1, length) do
  local item = item(-i)
  bytes = bytes + #item
  if i > first and bytes > tonumber(ARGV[3]) then break end
  answer[#answer + 1] = item
end
return answer
