-- Takes back what a rehearsal has pushed, by the command that fire.lua uses for it, and removes the rehearsal's keys.
--
-- KEYS[1]     list, in the broker's database    LIST
-- KEYS[2]     history                           STREAM
-- KEYS[3...]  the other keys
-- ARGV[1]  the store's database, ARGV[2] the broker's, on this server
--
-- Returns {'OK', or why the message could not be taken back; 1 if there was a history}
if ARGV[2] ~= ARGV[1] then redis.call('SELECT', ARGV[2]) end
local taken = redis.pcall('LPOP', KEYS[1])
redis.call('DEL', KEYS[1])
if ARGV[2] ~= ARGV[1] then redis.call('SELECT', ARGV[1]) end
local kept = redis.call('DEL', KEYS[2])
for i = 3, #KEYS do redis.call('DEL', KEYS[i]) end
if type(taken) == 'table' and taken.err then return {taken.err, kept} end
return {'OK', kept}
