-- Declares a queue as kombu does: consumers and producers find a queue by the bindings of its exchange.
--
-- KEYS[1]  _kombu.binding.<exchange>             SET
-- KEYS[2]  _kombu.binding_permanent.<exchange>   SET, since kombu 5.7
-- ARGV[1]  the binding
-- ARGV[2]  the store's database, ARGV[3] the broker's, on this server
--
-- Returns 'OK', or Redis' error.
if ARGV[3] ~= ARGV[2] then redis.call('SELECT', ARGV[3]) end
local reply = redis.pcall('SADD', KEYS[1], ARGV[1])
if type(reply) ~= 'table' then reply = redis.pcall('SADD', KEYS[2], ARGV[1]) end
if ARGV[3] ~= ARGV[2] then redis.call('SELECT', ARGV[2]) end
if type(reply) == 'table' then return reply end
return 'OK'
