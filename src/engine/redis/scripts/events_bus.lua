-- The events bus: subscriptions, their places, and the events that they have not read, in one step each.
-- KEYS: meta ('n': number of the last event, 'f': of the first one kept, 'b': bytes kept), payloads (number -> payload),
--       heads (number -> topic, bytes, ids of the subscriptions that have it already), places (id -> number of the last event
--       passed), topics (id -> topics), ids (topic -> ids), used (id -> when it was used last, in ms)
-- ARGV: verb, idle time in ms, then
--   'subscribe', id, most subscriptions, verb and name of the bus, topics
--       answers 'A', or 'F' where there are as many as there may be
--   'append', topic, payload, most events, most bytes, verb and name of the bus, ids that have it already
--       answers whether it is kept ('1', '0'), and how many deliveries were lost to make room
--   'take', id, most events, most bytes
--       answers topic and payload of each, or nothing where there is no such subscription
-- News on the bus is a JSON array of ids.
local meta, payloads, heads, places, topics, ids, used = unpack(KEYS)
local idle = tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local known = redis.call('HMGET', meta, 'n', 'f', 'b')
local last, first, bytes = tonumber(known[1] or '0'), tonumber(known[2] or '1'), tonumber(known[3] or '0')

local function whole(number) return string.format('%.0f', number) end

local function read(key, field)
    local packed = redis.call('HGET', key, field)
    return packed and cmsgpack.unpack(packed)
end

local function has(list, wanted)
    for _, item in ipairs(list) do
        if item == wanted then return true end
    end
    return false
end

local function leave_topics(id)
    for _, topic in ipairs(read(topics, id) or {}) do
        local left = {}
        for _, other in ipairs(read(ids, topic) or {}) do
            if other ~= id then left[#left + 1] = other end
        end
        if #left > 0 then
            redis.call('HSET', ids, topic, cmsgpack.pack(left))
        else
            redis.call('HDEL', ids, topic)
        end
    end
end

local function finish(id)
    leave_topics(id)
    redis.call('HDEL', places, id)
    redis.call('HDEL', topics, id)
    redis.call('ZREM', used, id)
end

local function end_idle(most)
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', used, '-inf', whole(now - idle), 'LIMIT', 0, most)) do finish(id) end
end

-- The keys end with the last subscription: all are used at once, so all end at once.
local function renew(id)
    if id then redis.call('ZADD', used, whole(now), id) end
    for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[2]) end
end

local function subscribe(id, most, verb, name)
    end_idle(1000)
    local place = redis.call('HGET', places, id)
    if not place and redis.call('HLEN', places) >= tonumber(most) then return 'F' end
    leave_topics(id)
    local wanted = {}
    for index = 7, #ARGV do
        local topic = ARGV[index]
        wanted[#wanted + 1] = topic
        local all = read(ids, topic) or {}
        all[#all + 1] = id
        redis.call('HSET', ids, topic, cmsgpack.pack(all))
    end
    redis.call('HSET', topics, id, cmsgpack.pack(wanted))
    if not place then redis.call('HSET', places, id, whole(last)) end
    renew(id)
    redis.call(verb, name, cjson.encode({id}))
    return 'A'
end

-- How many subscriptions have not read an event that is dropped.
local function missed(number, topic, having)
    local count = 0
    for _, id in ipairs(read(ids, topic) or {}) do
        local place = tonumber(redis.call('HGET', places, id) or whole(number))
        if place < number and not has(having, id) then count = count + 1 end
    end
    return count
end

local function drop_first()
    local field, lost = whole(first), 0
    local head = read(heads, field)
    if head then
        bytes, lost = bytes - head[2], missed(first, head[1], head[3])
        redis.call('HDEL', heads, field)
        redis.call('HDEL', payloads, field)
    end
    first = first + 1
    return lost
end

local function append(topic, payload, most, most_bytes, verb, name)
    end_idle(10)
    local told, having, size = {}, {}, #topic + #payload
    for index = 9, #ARGV do
        local id = ARGV[index]
        told[id] = true
        if redis.call('HEXISTS', places, id) == 1 then
            having[#having + 1] = id
            size = size + #id
        end
    end
    local news = {}
    for _, id in ipairs(read(ids, topic) or {}) do
        if not told[id] then news[#news + 1] = id end
    end
    if #news == 0 then return {'0', '0'} end
    last, bytes = last + 1, bytes + size
    redis.call('HSET', payloads, whole(last), payload)
    redis.call('HSET', heads, whole(last), cmsgpack.pack({topic, size, having}))
    local lost = 0
    while first <= last and (last - first + 1 > tonumber(most) or bytes > tonumber(most_bytes)) do
        lost = lost + drop_first()
    end
    redis.call('HSET', meta, 'n', whole(last), 'f', whole(first), 'b', whole(bytes))
    renew()
    redis.call(verb, name, cjson.encode(news))
    return {'1', whole(lost)}
end

local function take(id, most, most_bytes)
    local place, used_last = redis.call('HGET', places, id), redis.call('ZSCORE', used, id)
    if not place or not used_last or tonumber(used_last) <= now - idle then
        if place then finish(id) end
        return false
    end
    -- Where the events were lost and the places were not, the count began anew.
    place = tonumber(place) <= last and tonumber(place) or 0
    local wanted, taken, left = {}, {}, tonumber(most_bytes)
    for _, topic in ipairs(read(topics, id) or {}) do wanted[topic] = true end
    local at, is_full = math.max(place, first - 1), false
    while at < last and not is_full do
        local head = read(heads, whole(at + 1))
        if head and wanted[head[1]] and not has(head[3], id) then
            local payload = redis.call('HGET', payloads, whole(at + 1)) or 'null'
            local size = #head[1] + #payload
            is_full = #taken == 2 * tonumber(most) or (#taken > 0 and size > left)
            if not is_full then
                taken[#taken + 1], taken[#taken + 2] = head[1], payload
                left = left - size
            end
        end
        if not is_full then at = at + 1 end
    end
    redis.call('HSET', places, id, whole(at))
    renew(id)
    return taken
end

local verbs = {subscribe = subscribe, append = append, take = take}
return verbs[ARGV[1]](unpack(ARGV, 3, 8))
