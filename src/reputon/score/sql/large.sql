-- The days on which a pair sent so much that its volume may be capped; {least}: messages that always count.
-- In: {counted}, tally.  A day of a pair has at most a row of each source, so one of them has its part of what is large:
-- which is so of few pairs, and spares adding up all the others.
WITH candidates AS (
    SELECT DISTINCT subject, tenant
    FROM {counted}
    WHERE kind = 1 AND count * (SELECT COUNT(DISTINCT source) FROM tally) > {least}
)
SELECT c.subject AS subject, c.tenant AS tenant, c.day AS day, CAST(SUM(c.count) AS BIGINT) AS volume
FROM {counted} c
JOIN candidates p ON p.subject = c.subject AND p.tenant = c.tenant
WHERE c.kind = 1
GROUP BY c.subject, c.tenant, c.day
HAVING SUM(c.count) > {least}
