/** Lua scripts: each is one atomic step in Redis, whose data is untrusted (a name may hold a value of any type). */

/** With a value of another type every command would fail, and after some failures Redis is not used for a while. */
const deleteUnless = `
local function deleteUnless(name, expectedType)
  if redis.call('TYPE', name).ok ~= expectedType then redis.call('DEL', name) end
end`;

/** KEYS: hash of messages. ARGV: most topics, most characters of a topic and of a message. Longer ones stay in Redis. */
export const storedMessagesScript = `${deleteUnless}
deleteUnless(KEYS[1], 'hash')
local stored = {}
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[1]) then return stored end
for _, topic in ipairs(redis.call('HKEYS', KEYS[1])) do
  if #topic <= tonumber(ARGV[2]) and redis.call('HSTRLEN', KEYS[1], topic) <= tonumber(ARGV[3]) then
    table.insert(stored, topic)
    table.insert(stored, redis.call('HGET', KEYS[1], topic))
  end
end
return stored`;

/** KEYS: hash of messages, and its channel. ARGV: milliseconds of life, then topics and messages. Keeps the stored ones. */
export const publishAgainScript = `${deleteUnless}
deleteUnless(KEYS[1], 'hash')
for i = 2, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('PUBLISH', KEYS[1], ARGV[i] .. ' ' .. ARGV[i + 1])
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])`;

/** KEYS: hash of messages. Marks it as used; returns 0 if it is missing. */
export const touchMessagesScript = `${deleteUnless}
deleteUnless(KEYS[1], 'hash')
return redis.call('TOUCH', KEYS[1])`;

const hasLease = `
local function hasLease(name, leaseMs)
  local leftMs = redis.call('PTTL', name)
  return leftMs > 0 and leftMs <= tonumber(leaseMs)
end`;

/** KEYS: leases. ARGV: owner, milliseconds of a lease. Returns for each key 1 if the owner has the lease now. */
export const acquireLeasesScript = `${hasLease}
local acquired = {}
for i, name in ipairs(KEYS) do
  acquired[i] = hasLease(name, ARGV[2]) and 0 or 1
  if acquired[i] == 1 then redis.call('SET', name, ARGV[1], 'PX', ARGV[2]) end
end
return acquired`;

/** KEYS: leases. ARGV: milliseconds of a lease. Returns for each key 1 if nobody has the lease. */
export const endedLeasesScript = `${hasLease}
local ended = {}
for i, name in ipairs(KEYS) do ended[i] = hasLease(name, ARGV[1]) and 0 or 1 end
return ended`;

/** KEYS: leases. ARGV: owner, milliseconds of a lease. */
export const renewLeasesScript = `
for _, name in ipairs(KEYS) do
  if redis.pcall('GET', name) == ARGV[1] then redis.call('PEXPIRE', name, ARGV[2]) end
end`;

/** KEYS: lease. ARGV: owner, channel, message. */
export const releaseLeaseScript = `
if redis.pcall('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
  redis.call('PUBLISH', ARGV[2], ARGV[3])
end`;

/**
 * The same decision as `countersAfter`. KEYS: hash of counters. ARGV: own counter, oldest bucket, current bucket, limit
 * (-1 for none), life in milliseconds, most counters, highest count, most characters of a bucket and of a process,
 * number of calls; then names and counts to merge.
 */
export const reserveCallScript = `${deleteUnless}
deleteUnless(KEYS[1], 'hash')
local own, oldest, current, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local maxCount, maxBucketChars, maxProcessChars = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local stored, pairsToMerge = {}, {}
if redis.call('HLEN', KEYS[1]) <= tonumber(ARGV[6]) then
  pairsToMerge = redis.call('HGETALL', KEYS[1])
  for i = 1, #pairsToMerge, 2 do stored[pairsToMerge[i]] = pairsToMerge[i + 1] end
else
  redis.call('DEL', KEYS[1])
end
local ownValue
for i = 11, #ARGV, 2 do
  if ARGV[i] == own then ownValue = tonumber(ARGV[i + 1])
  else
    table.insert(pairsToMerge, ARGV[i])
    table.insert(pairsToMerge, ARGV[i + 1])
  end
end

local counters, later = {}, {}
for i = 1, #pairsToMerge, 2 do
  local name, count = pairsToMerge[i], pairsToMerge[i + 1]
  local bucket, process = string.match(name, '^(%d+):([%w_-]+)$')
  count = string.match(count, '^%d+$') and tonumber(count)
  local isCounter = bucket and #bucket <= maxBucketChars and #process <= maxProcessChars and count and count <= maxCount
  bucket = tonumber(bucket)
  if isCounter and bucket >= oldest then
    if bucket > current then table.insert(later, { current .. ':' .. process, count })
    else counters[name] = math.max(counters[name] or 0, count) end
  end
end
for _, moved in ipairs(later) do counters[moved[1]] = (counters[moved[1]] or 0) + moved[2] end

local isWithinLimit = 1
if ownValue then
  local ownBefore = counters[own] or 0
  counters[own] = math.max(ownBefore, ownValue)
  local calls = 0
  for name, count in pairs(counters) do
    if string.sub(name, -7) ~= '-unsent' then calls = calls + math.max(0, count - (counters[name .. '-unsent'] or 0)) end
  end
  if limit >= 0 and calls > limit then
    isWithinLimit = 0
    counters[own] = math.max(ownBefore, ownValue - tonumber(ARGV[10]), 0)
  end
end

for name in pairs(stored) do
  if not counters[name] then redis.call('HDEL', KEYS[1], name) end
end
local result = { isWithinLimit }
for name, count in pairs(counters) do
  if stored[name] ~= tostring(count) then redis.call('HSET', KEYS[1], name, count) end
  table.insert(result, name)
  table.insert(result, tostring(count))
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return result`;

/**
 * A sorted set of the calls by their time: a rolling window. KEYS: the set. ARGV: limit, milliseconds of the window,
 * name of the call. Returns milliseconds until a call is allowed; 0 if it was counted.
 */
export const reserveRateScript = `${deleteUnless}
deleteUnless(KEYS[1], 'zset')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('ZADD', KEYS[1], now, time[1] .. '.' .. time[2] .. '.' .. ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 0
end
-- The set has more calls than the limit if the limit was lowered.
local latest = '-' .. ARGV[1]
return redis.call('ZRANGE', KEYS[1], latest, latest, 'WITHSCORES')[2] + ARGV[2] - now`;
