-- What each entity has of each kind in the last 24 hours, as it is: messages, pieces of evidence, the latest time.
-- In: evidence(time, source, subject, tenant, kind, count), bounds(now, least).
SELECT e.subject, e.tenant, e.kind, e.source,
       CAST(SUM(e.count) AS BIGINT) AS messages, CAST(COUNT(*) AS BIGINT) AS pieces, MAX(e.time) AS latest
FROM evidence e CROSS JOIN bounds b
WHERE e.time <= b.now AND e.time > b.now - 86400
GROUP BY e.subject, e.tenant, e.kind, e.source
ORDER BY e.subject, e.tenant, e.kind, e.source
