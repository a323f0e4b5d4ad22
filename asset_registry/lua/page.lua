-- The first records after a name, with their status: live ones, then deleted ones, each
-- in the order of their names. The caller merges them: Lua compares by the locale.
--
-- KEYS: assets, status, live, deleted
-- ARGV: prefix "kind|place", name after which to begin, how many, "1" for deleted ones too
-- Answers record, status, record, status...; an empty status where none is known.

local assets, status, live, deleted = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local prefix, after, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
local from, to = '(' .. prefix .. ' ' .. after, '(' .. prefix .. '!'

local found = {}
local indices = ARGV[4] == '1' and { live, deleted } or { live }
for _, index in ipairs(indices) do
  for _, member in ipairs(redis.call('ZRANGEBYLEX', index, from, to, 'LIMIT', 0, count)) do
    local name = string.sub(member, #prefix + 2)
    found[#found + 1] = redis.call('HGET', assets, name)
    found[#found + 1] = redis.call('HGET', status, name) or ''
  end
end
return found
