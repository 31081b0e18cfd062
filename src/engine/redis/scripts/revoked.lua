-- Keeps what has been revoked, each piece for a time, and tells it in the order in which it came or grew.
-- KEYS: marks (piece -> up to when it reaches; 'e': epoch, 'n': number of changes), ends (piece -> when, in ms),
--       order (piece -> number of its last change)
-- ARGV: 'add', up to when, ttl in ms, then the pieces; or 'since', number, epoch ('': none), limit; the replication id last
-- 'since' answers epoch, number to go on from, '1' where there is more, then for each: piece, up to when, ms left
local marks, ends, order = KEYS[1], KEYS[2], KEYS[3]
local replid = string.sub(ARGV[#ARGV], 1, 12)
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local known = redis.call('HMGET', marks, 'e', 'n')
local epoch, number = known[1], tonumber(known[2] or '0')
-- As in publish.lua: what came last may be gone, and nodes tell again what they know.
if not epoch or string.sub(epoch, -12) ~= replid then
    local is_there = epoch or ARGV[1] == 'add'
    epoch = string.format('%x-', is_there and tonumber(clock[1]) * 1000000 + tonumber(clock[2]) or 0) .. replid
    if is_there then redis.call('HSET', marks, 'e', epoch) end
end

if ARGV[1] == 'add' then
    for _, piece in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 1000)) do
        redis.call('HDEL', marks, piece)
        redis.call('ZREM', ends, piece)
        redis.call('ZREM', order, piece)
    end
    local upto, over = tonumber(ARGV[2]), now + tonumber(ARGV[3])
    for index = 4, #ARGV - 1 do
        local piece = ARGV[index]
        local old, old_end = tonumber(redis.call('HGET', marks, piece) or '-1'), tonumber(redis.call('ZSCORE', ends, piece) or '0')
        -- A minute more is not worth telling: nodes that tell again what they know do not count to the millisecond.
        if upto > old or over > old_end + 60000 then
            number = number + 1
            redis.call('HSET', marks, piece, string.format('%.0f', math.max(upto, old)))
            redis.call('ZADD', ends, string.format('%.0f', math.max(over, old_end)), piece)
            redis.call('ZADD', order, string.format('%.0f', number), piece)
        end
    end
    redis.call('HSET', marks, 'n', string.format('%.0f', number))
    local last = redis.call('ZRANGE', ends, -1, -1, 'WITHSCORES')[2]
    for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, string.format('%.0f', tonumber(last))) end
    return 'A'
end

local since, limit = tonumber(ARGV[2]), tonumber(ARGV[4])
if ARGV[3] ~= epoch then since = 0 end
local due = redis.call('ZRANGEBYSCORE', order, '(' .. string.format('%.0f', since), '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
local has_more = #due == 2 * limit
local answer = {epoch, has_more and due[#due] or string.format('%.0f', number), has_more and '1' or '0'}
for index = 1, #due, 2 do
    local piece = due[index]
    local left = tonumber(redis.call('ZSCORE', ends, piece) or '0') - now
    if left > 0 then
        answer[#answer + 1] = piece
        answer[#answer + 1] = redis.call('HGET', marks, piece)
        answer[#answer + 1] = string.format('%.0f', left)
    end
end
return answer
