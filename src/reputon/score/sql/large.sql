-- The days on which a pair sent so much that its volume may be capped; {least}: messages that always count.
-- In: {counted}.
SELECT subject, tenant, day, CAST(SUM(count) AS BIGINT) AS volume
FROM {counted}
WHERE kind = 1
GROUP BY subject, tenant, day
HAVING SUM(count) > {least}
