-- Announces a node and tells which nodes there are.
-- KEYS: nodes (id -> when it counts as gone, in ms)
-- ARGV: the node's id ('': none), for how long in ms (0: it is gone)
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if ARGV[1] ~= '' then
    local ttl = tonumber(ARGV[2])
    if ttl > 0 then
        redis.call('ZADD', KEYS[1], string.format('%.0f', now + ttl), ARGV[1])
    else
        redis.call('ZREM', KEYS[1], ARGV[1])
    end
end
return redis.call('ZRANGE', KEYS[1], 0, -1)
