-- Stores a batch of asset records, or nothing of it.
--
-- KEYS: assets, status, live, deleted, bindings, children, feed, request
-- ARGV: feed length, guards {name: etag}, remembered answer, its life in s, write...
-- A write: {change, name, uid, expected, record, was, is, leaves, joins, gives, takes,
--   child_was, child_is}; was and is: "live", "deleted" or ""
-- Answers "" when it is stored, else what stood in the way.

local assets, status, live, deleted = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local bindings, children, feed, request = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local feed_length, guards, answer, answer_s = ARGV[1], cjson.decode(ARGV[2]), ARGV[3], ARGV[4]

local writes, present, same = {}, {}, 0
for i = 5, #ARGV do
  local write = cjson.decode(ARGV[i])
  local stored = redis.call('HGET', assets, write.name)
  writes[#writes + 1] = write
  present[write.name] = stored
  if stored == write.record then same = same + 1 end
end

-- The client library sends a command again when the answer was lost: records carry a
-- random uid and their time, so an equal one is this very batch.
if #writes > 0 and same == #writes then return '' end

if answer ~= '' and redis.call('EXISTS', request) == 1 then
  return 'the request id has been used meanwhile'
end

local function etag(stored)
  if not stored then return '' end
  return cjson.decode(stored).etag
end

for name, expected in pairs(guards) do
  if etag(redis.call('HGET', assets, name)) ~= expected then
    return name .. ' has changed meanwhile'
  end
end

local given, taken = {}, {}
for _, write in ipairs(writes) do
  if etag(present[write.name]) ~= write.expected then
    return write.name .. ' has changed meanwhile'
  end
  for _, key in ipairs(write.gives) do given[key] = true end
end

for _, write in ipairs(writes) do
  for _, key in ipairs(write.takes) do
    local holder = taken[key] or (not given[key] and redis.call('HGET', bindings, key))
    if holder and holder ~= write.name then return key .. ' is bound by ' .. holder end
    taken[key] = write.name
  end
  if write.change == 'deleted' then
    local from, to = '[' .. write.name .. ' ', '(' .. write.name .. '!'
    if #redis.call('ZRANGEBYLEX', children, from, to, 'LIMIT', 0, 1) > 0 then
      return write.name .. ' is the parent of another asset'
    end
  end
end

local index = { live = live, deleted = deleted }
for _, write in ipairs(writes) do
  if index[write.was] then redis.call('ZREM', index[write.was], unpack(write.leaves)) end
  redis.call('ZREM', children, write.child_was)
  for _, key in ipairs(write.gives) do redis.call('HDEL', bindings, key) end
end
for _, write in ipairs(writes) do
  redis.call('HSET', assets, write.name, write.record)
  for _, member in ipairs(write.joins) do redis.call('ZADD', index[write.is], 0, member) end
  for _, key in ipairs(write.takes) do redis.call('HSET', bindings, key, write.name) end
  if write.child_is ~= '' then redis.call('ZADD', children, 0, write.child_is) end
  if write.change ~= 'updated' then redis.call('HDEL', status, write.name) end
  redis.call('XADD', feed, 'MAXLEN', '~', feed_length, '*',
    'change', write.change, 'name', write.name, 'uid', write.uid)
end
if answer ~= '' then redis.call('SET', request, answer, 'EX', answer_s) end
return ''
