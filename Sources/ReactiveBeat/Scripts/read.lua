-- Reads documents, each with its mark of the same moment.
--
-- KEYS[1]     mark                  HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- KEYS[2...]  schedule documents    STRING (any type may stand there)
-- ARGV[1]     longest document to read, in bytes
-- ARGV[2...]  the documents' entries, in the same order
--
-- Returns for each document {type} if it is no string, {'string', length} if it is too long,
--         else {'string', length, bytes}; then the mark, or '' where there is none, as a further element.
local longest, count = tonumber(ARGV[1]), #KEYS - 1
local marks = redis.call('HMGET', KEYS[1], unpack(ARGV, 2))
-- Nearly all of them are read by one command.
local answers, wanted, places = {}, {}, {}
for i = 1, count do
  local length = redis.pcall('STRLEN', KEYS[i + 1])
  if type(length) == 'table' then
    local there = redis.call('TYPE', KEYS[i + 1]).ok
    if there == 'string' then return length end
    answers[i] = {there}
  else
    answers[i] = {'string', length}
    if length <= longest then
      wanted[#wanted + 1] = KEYS[i + 1]
      places[#wanted] = i
    end
  end
end
local documents = #wanted > 0 and redis.call('MGET', unpack(wanted)) or {}
for n, i in ipairs(places) do
  if documents[n] then answers[i][3] = documents[n] else answers[i] = {'none'} end
end
for i = 1, count do answers[i][#answers[i] + 1] = marks[i] or '' end
return answers
