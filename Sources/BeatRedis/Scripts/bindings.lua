-- Reads the bindings of an exchange in the broker's database.
--
-- KEYS[1]  _kombu.binding.<exchange>    SET
-- ARGV[1]  the store's database, ARGV[2] the broker's, on this server
--
-- Returns the bindings, each "<routing key>\6\22<pattern>\6\22<queue>".
if ARGV[2] ~= ARGV[1] then redis.call('SELECT', ARGV[2]) end
local members = redis.pcall('SMEMBERS', KEYS[1])
if ARGV[2] ~= ARGV[1] then redis.call('SELECT', ARGV[1]) end
return members
