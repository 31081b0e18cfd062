-- Notes who gets kept events, and tells which of the events none of them had.
-- KEYS: of each event the set of those who have got it
-- ARGV: ttl in ms, the most of one event, then the claimants
-- Answers for each event '1' where it is new to all claimants, else '0'; then '1' where somebody could not be noted.
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
    -- From the first claim on: the event itself is older, and does not outlive them.
    if is_first and count > 0 then redis.call('PEXPIRE', event, ttl) end
    answer[index] = is_new
end
answer[#KEYS + 1] = is_full
return answer
