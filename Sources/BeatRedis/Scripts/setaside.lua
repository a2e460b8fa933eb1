-- Moves one item of the outbox to the messages that are set aside. It is always in exactly one of the two.
--
-- KEYS[1]  outbox              LIST
-- KEYS[2]  messages set aside  STREAM  id, to, reason, item; the time is the entry's
-- ARGV[1]  the item's bytes
-- ARGV[2]  task id, ARGV[3] where it was to go, ARGV[4] why it can never be delivered
-- ARGV[5]  how many may be set aside
--
-- Returns 1: it is set aside, or was gone already; 0: the place is full, or something else is in it
local kind = redis.call('TYPE', KEYS[2]).ok
if kind ~= 'none' and (kind ~= 'stream' or redis.call('XLEN', KEYS[2]) >= tonumber(ARGV[5])) then return 0 end
-- No item is empty. A user who may not take items out learns it here, before anything is written.
redis.call('LREM', KEYS[1], -1, '')
local entry = redis.call('XADD', KEYS[2], '*', 'id', ARGV[2], 'to', ARGV[3], 'reason', ARGV[4], 'item', ARGV[1])
if redis.call('LREM', KEYS[1], -1, ARGV[1]) == 0 then redis.call('XDEL', KEYS[2], entry) end
return 1
