-- What each entity (subject, tenant) sent while its evidence is remembered, as it is.
-- In: evidence(time, subject, tenant, kind, count), fading(age, weight), bounds(now, least).
SELECT e.subject, e.tenant, CAST(SUM(e.count) AS BIGINT) AS volume
FROM evidence e CROSS JOIN bounds b
WHERE e.kind = 'sent' AND e.time <= b.now
  AND floor(b.now / 86400.0) - floor(e.time / 86400.0) <= (SELECT MAX(age) FROM fading)
GROUP BY e.subject, e.tenant
ORDER BY e.subject, e.tenant
