-- One step of SCAN over the documents' keys. Keys that are too long to be read are left out.
--
-- ARGV[1]  cursor
-- ARGV[2]  pattern
-- ARGV[3]  COUNT
-- ARGV[4]  longest key, in bytes
--
-- Returns {next cursor, {key...}, how many keys were left out, the length of the longest of them, its first 100 bytes}.
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local longest = tonumber(ARGV[4])
local keys, count, length, head = {}, 0, 0, ''
for _, key in ipairs(page[2]) do
  if #key <= longest then
    keys[#keys + 1] = key
  else
    count = count + 1
    if #key > length then length, head = #key, string.sub(key, 1, 100) end
  end
end
return {page[1], keys, count, length, head}
