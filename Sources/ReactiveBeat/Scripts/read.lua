-- Reads documents, each with its mark of the same moment.
--
-- KEYS[1]     mark                  HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- KEYS[2...]  schedule documents    STRING (any type may stand there)
-- ARGV[1]     longest document to read, in bytes
-- ARGV[2...]  the documents' entries, in the same order
--
-- Returns for each document {type} if it is no string, {'string', length} if it is too long,
--         else {'string', length, bytes}; then the mark, or '' where there is none, as a further element.
local longest = tonumber(ARGV[1])
local answers = {}
for i = 2, #KEYS do
  local answer = {redis.call('TYPE', KEYS[i]).ok}
  if answer[1] == 'string' then
    answer[2] = redis.call('STRLEN', KEYS[i])
    if answer[2] <= longest then answer[3] = redis.call('GET', KEYS[i]) end
  end
  answer[#answer + 1] = redis.call('HGET', KEYS[1], ARGV[i]) or ''
  answers[#answers + 1] = answer
end
return answers
