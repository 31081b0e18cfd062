-- Reads a part of a history; a channel without a position gets one.
-- KEYS: meta, events
-- ARGV: offset asked from ('': none), its epoch ('': any), limit, '1' for newest first, meta ttl in ms, replication id
-- Answers epoch, top, '1' where nothing is missing, the offset of the first event, and the events.
local meta, events = KEYS[1], KEYS[2]
local limit, reverse, replid = tonumber(ARGV[3]), ARGV[4] == '1', string.sub(ARGV[6], 1, 12)
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local known = redis.call('HMGET', meta, 'e', 'o')
local epoch, top = known[1], tonumber(known[2] or '0')

-- As in publish.lua.
if not epoch then
    redis.call('DEL', events)
    top = 0
end
if not epoch or string.sub(epoch, -12) ~= replid then
    epoch = string.format('%x-', tonumber(clock[1]) * 1000000 + tonumber(clock[2])) .. replid
    redis.call('HSET', meta, 'e', epoch, 'o', string.format('%.0f', top))
end
-- A read keeps the position as a publish does; not written each time, for a write goes to every replica.
if redis.call('PTTL', meta) < tonumber(ARGV[5]) * 0.9 then redis.call('PEXPIRE', meta, ARGV[5]) end

local first = redis.call('LINDEX', events, 0)
while first and tonumber(string.sub(first, 1, 14)) <= now do
    redis.call('LPOP', events)
    first = redis.call('LINDEX', events, 0)
end

local kept = redis.call('LLEN', events)
-- The kept events have the offsets from base + 1 to top.
local base = top - kept
local from, to, complete = base + 1, top, true
if ARGV[1] ~= '' then
    local since = tonumber(ARGV[1])
    if ARGV[2] ~= '' and ARGV[2] ~= epoch then
        from, to, complete = 1, 0, false
    elseif reverse then
        to = math.min(since - 1, top)
        complete = since <= top
    else
        from = math.max(since + 1, from)
        complete = since <= top and since >= base
    end
end
if to - from + 1 > limit then
    if reverse then from = to - limit + 1 else to = from + limit - 1 end
end
local answer = {epoch, string.format('%.0f', top), complete and '1' or '0', string.format('%.0f', to >= from and from or 0)}
if to >= from then
    for _, event in ipairs(redis.call('LRANGE', events, from - base - 1, to - base - 1)) do
        answer[#answer + 1] = string.sub(event, 15)
    end
end
return answer
