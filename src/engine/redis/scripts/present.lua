-- Adds, renews, removes and tells who is present in a channel; what has ended is gone first.
-- KEYS: ends (client -> when, in ms), infos (client -> user and info), users (user -> clients)
-- ARGV: verb; 'add': then for each entry client, ttl in ms, user, info; 'remove': client; 'list'; 'count'
local ends, infos, users = KEYS[1], KEYS[2], KEYS[3]
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

-- An info begins with the length of the user's name.
local function user_of(known)
    local length, start = string.match(known, '^(%d+):()')
    return string.sub(known, start, start + tonumber(length) - 1)
end

local function forget(client)
    local known = redis.call('HGET', infos, client)
    if not known then return end
    local user = user_of(known)
    if redis.call('HINCRBY', users, user, -1) <= 0 then redis.call('HDEL', users, user) end
    redis.call('HDEL', infos, client)
    redis.call('ZREM', ends, client)
end

for _, client in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now)) do forget(client) end

if ARGV[1] == 'add' then
    for index = 2, #ARGV, 4 do
        local client, ttl, user, info = ARGV[index], tonumber(ARGV[index + 1]), ARGV[index + 2], ARGV[index + 3]
        local entry = #user .. ':' .. user .. info
        if redis.call('HGET', infos, client) ~= entry then
            forget(client)
            redis.call('HSET', infos, client, entry)
            redis.call('HINCRBY', users, user, 1)
        end
        redis.call('ZADD', ends, string.format('%.0f', now + ttl), client)
    end
    local last = redis.call('ZRANGE', ends, -1, -1, 'WITHSCORES')[2]
    for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, string.format('%.0f', tonumber(last))) end
elseif ARGV[1] == 'remove' then
    forget(ARGV[2])
elseif ARGV[1] == 'list' then
    local all = redis.call('HVALS', infos)
    for index, known in ipairs(all) do
        local length, start = string.match(known, '^(%d+):()')
        all[index] = string.sub(known, start + tonumber(length))
    end
    return all
else
    return {redis.call('HLEN', infos), redis.call('HLEN', users)}
end
