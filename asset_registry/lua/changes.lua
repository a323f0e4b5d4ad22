-- Entries of the feed after a position.
--
-- KEYS: feed
-- ARGV: position, how many
-- Answers {"ok" | "old", entries}: "old" where entries after the position are gone.

local feed, after = KEYS[1], ARGV[1]

local function less(a, b)
  local a_ms, a_n = string.match(a, '^(%d+)-(%d+)$')
  local b_ms, b_n = string.match(b, '^(%d+)-(%d+)$')
  a_ms, a_n, b_ms, b_n = tonumber(a_ms), tonumber(a_n), tonumber(b_ms), tonumber(b_n)
  return a_ms < b_ms or (a_ms == b_ms and a_n < b_n)
end

if redis.call('EXISTS', feed) == 0 then
  return { after == '0-0' and 'ok' or 'old', {} }
end

local info, flat = {}, redis.call('XINFO', 'STREAM', feed)
for i = 1, #flat, 2 do info[flat[i]] = flat[i + 1] end
local trimmed = info['entries-added'] > info['length']
local first = info['first-entry'] and info['first-entry'][1]
-- A position beyond the end belongs to a feed that was lost.
if (trimmed and first and less(after, first)) or less(info['last-generated-id'], after) then
  return { 'old', {} }
end
return { 'ok', redis.call('XRANGE', feed, '(' .. after, '+', 'COUNT', ARGV[2]) }
