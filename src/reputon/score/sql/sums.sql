-- What each class of source says of each pair, by kind, faded by whole days and with its volume capped, in units of
-- 1 / 2^20 message.  Integers only, so that every engine gives the same.
-- In: {counted}, {caps}, fading(day, weight).
SELECT c.subject AS subject, c.tenant AS tenant, c.source AS source, c.kind AS kind,
       CAST(SUM(c.count * CASE
           WHEN k.volume IS NULL THEN f.weight
           -- A whole number, also where a double is a bit off it and an engine cuts or rounds.
           ELSE CAST(floor((f.weight * k.most - (f.weight * k.most) % k.volume) / k.volume + 0.5e0) AS BIGINT)
       END) AS BIGINT) AS amount
FROM {counted} c
JOIN fading f ON f.day = c.day
LEFT JOIN {caps} k ON k.subject = c.subject AND k.tenant = c.tenant AND k.day = c.day
GROUP BY c.subject, c.tenant, c.source, c.kind
