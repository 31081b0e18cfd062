-- Remembers claims of kept events, and tells which of the events are new to all claimants.
-- KEYS: for each event the set of its claimants
-- ARGV: ttl in ms, the most of one event, then the claimants
-- Answers for each event '1' if it is new to all claimants, else '0'; then '1' if a claimant could not be remembered.
local ttl, most = ARGV[1], tonumber(ARGV[2])
local answer, is_full = {}, '0'
for index, event in ipairs(KEYS) do
    local count = redis.call('SCARD', event)
    local is_first, is_new = count == 0, '1'
    for at = 3, #ARGV do
        if count >= most then
            is_new = '0'
            if redis.call('SISMEMBER', event, ARGV[at]) == 0 then is_full = '1' end
        elseif redis.call('SADD', event, ARGV[at]) == 1 then
            count = count + 1
        else
            is_new = '0'
        end
    end
    -- Counted from the first claim: the event is older, so it expires earlier.
    if is_first and count > 0 then redis.call('PEXPIRE', event, ttl) end
    answer[index] = is_new
end
answer[#KEYS + 1] = is_full
return answer
