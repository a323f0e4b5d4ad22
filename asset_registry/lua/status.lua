-- Notes the live state of assets; a change of it goes to the feed.
--
-- KEYS: assets, status, live, feed
-- ARGV: feed length, then name, state, reason, status as JSON for each asset
-- Names that are unknown or deleted are passed over.

local assets, status, live, feed = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
for i = 2, #ARGV, 4 do
  local name, state, reason, text = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  if redis.call('ZSCORE', live, '| ' .. name) then
    local before = redis.call('HGET', status, name)
    before = before and cjson.decode(before) or {}
    if before.state ~= state or before.reason ~= reason then
      redis.call('HSET', status, name, text)
      local uid = cjson.decode(redis.call('HGET', assets, name)).uid
      redis.call('XADD', feed, 'MAXLEN', '~', ARGV[1], '*',
        'change', 'status', 'name', name, 'uid', uid)
    end
  end
end
