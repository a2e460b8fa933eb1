-- Reads documents, each with its watermark of the same moment.
--
-- KEYS[1]     watermarks            HASH    entry -> "<due>|<task id>|<total run count>|<digest>"
-- KEYS[2...]  schedule documents    STRING (a key may have any type)
-- ARGV[1]     longest document to read, in bytes
-- ARGV[2]     how many bytes of documents to read; the first document is read in any case
-- ARGV[3]     longest watermark, in bytes; of a longer one this many bytes and one more are returned
-- ARGV[4...]  the documents' entries, in the same order
--
-- Returns the documents, nil where none was read; the watermarks, nil where there is none; and for each document that
--         exists and was not read: its place (from 1), and its type, or the length of a string that is too long.
--         Documents for which there was no room are missing at the end, with their watermarks.
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
    -- MGET returns nil for keys that are no strings, such as this hash.
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
-- One command reads all documents, and its reply is not copied: a start reads a million documents in this way.
return {redis.call('MGET', unpack(keys, 2, last)), marks, unread}
