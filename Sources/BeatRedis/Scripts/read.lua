-- Reads documents, each with its mark of the same moment.
--
-- KEYS[1]     mark                  HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- KEYS[2...]  schedule documents    STRING (any type may stand there)
-- ARGV[1]     longest document to read, in bytes
-- ARGV[2]     how many bytes of documents to read, the first one in any case
-- ARGV[3]     longest mark; of a longer one so many bytes are told and one more
-- ARGV[4...]  the documents' entries, in the same order
--
-- Returns the documents, nil where none was read; the marks, nil where there is none; and of the documents that stand
--         there and were not read: the place (from 1), then the type, or the length of a string that is too long.
--         What there was no room for is missing at the end, with its mark.
local keys, longest, room, longestMark, last = KEYS, tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), #KEYS
local unread = {}
for i = 2, #keys do
  local length = redis.pcall('STRLEN', keys[i])
  if type(length) == 'table' then
    local there = redis.call('TYPE', keys[i]).ok
    if there == 'string' then return length end
    unread[#unread + 1] = i - 1
    unread[#unread + 1] = there
  elseif length > longest then
    unread[#unread + 1] = i - 1
    unread[#unread + 1] = length
    -- MGET says nil of what is no string, as this hash.
    keys[i] = keys[1]
  else
    room = room - length
    if room < 0 and i > 2 then
      last = i - 1
      break
    end
  end
end
local marks = redis.call('HMGET', keys[1], unpack(ARGV, 4, last + 2))
for i = 1, #marks do
  local mark = marks[i]
  if mark and #mark > longestMark then marks[i] = string.sub(mark, 1, longestMark + 1) end
end
-- All of them by one command, and its answer as it is: a million documents are read so at a start.
return {redis.call('MGET', unpack(keys, 2, last)), marks, unread}
