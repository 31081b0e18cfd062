-- Publishes one event: repetition, version, position, history and bus in one step.
-- KEYS: meta, events, idempotency key
-- ARGV: record, bus name, size (-1: no history), ttl, meta ttl, idempotency ttl (0: no key), version ('': none), version
--       epoch, verb of the bus, replication id (all times in ms)
-- Answers 'A' (accepted) or 'R' (repeated), then 'OFFSET:EPOCH' where there is a position.
local meta, events, key = KEYS[1], KEYS[2], KEYS[3]
local size, ttl, meta_ttl, key_ttl = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local version, replid = ARGV[7], string.sub(ARGV[10], 1, 12)

if key_ttl > 0 then
    local known = redis.call('GET', key)
    if known then return 'R' .. known end
end

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local known = redis.call('HMGET', meta, 'e', 'o', 'x', 'v', 'w')
local epoch, offset = known[1], tonumber(known[2] or '0')
local position = ''

-- The epoch ends with the server's replication id: after a restart, a failover or a move to another server the tail may be
-- gone, and what follows counts in a new one. What is left keeps its offsets.
if size >= 0 then
    local is_new = not epoch
    if is_new then offset = 0 end
    if is_new or string.sub(epoch, -12) ~= replid then
        epoch = string.format('%x-', tonumber(clock[1]) * 1000000 + tonumber(clock[2])) .. replid
        redis.call('HSET', meta, 'e', epoch, 'o', string.format('%.0f', offset))
    end
    -- Not the first write: a server that is out of memory refuses only a first one that needs some.
    if is_new then redis.call('DEL', events) end
end

local answer = 'A'
if version ~= '' and known[4] and (ARGV[8] == '' or ARGV[8] == known[5]) then
    -- Decimal texts, because a number of Lua holds no 64 bits.
    local last = known[4]
    if #version < #last or (#version == #last and version <= last) then answer = 'R' end
end

if answer == 'A' then
    local record = ARGV[1]
    if version ~= '' then redis.call('HSET', meta, 'v', version, 'w', ARGV[8]) end
    if size >= 0 then
        offset = offset + 1
        local ends = now + ttl
        if known[3] and tonumber(known[3]) > ends then
            -- An event that stayed longer than a newer one would leave a gap behind it: it ends with the newer one.
            local kept = redis.call('LRANGE', events, 0, -1)
            for index = #kept, 1, -1 do
                if tonumber(string.sub(kept[index], 1, 14)) <= ends then break end
                redis.call('LSET', events, index - 1, string.format('%014.0f', ends) .. string.sub(kept[index], 15))
            end
        end
        redis.call('HSET', meta, 'o', string.format('%.0f', offset), 'x', string.format('%.0f', ends))
        local count = redis.call('RPUSH', events, string.format('%014.0f', ends) .. record)
        if count > size then redis.call('LTRIM', events, count - size, -1) end
        redis.call('PEXPIRE', events, ARGV[4])
        record = 'P' .. string.format('%.0f', offset) .. ':' .. epoch .. ':' .. record
    end
    if size >= 0 or (version ~= '' and redis.call('PTTL', meta) < meta_ttl) then
        redis.call('PEXPIRE', meta, ARGV[5])
    end
    redis.call(ARGV[9], ARGV[2], record)
end

if size >= 0 then position = string.format('%.0f', offset) .. ':' .. epoch end
if key_ttl > 0 then redis.call('SET', key, position, 'PX', ARGV[6]) end
return answer .. position
