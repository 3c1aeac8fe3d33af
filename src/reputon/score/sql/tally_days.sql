-- What each source said of each pair (a tenant at an address) on a day: the evidence without its times.
-- In: evidence(day, hour, time, source, subject, tenant, kind, count).
SELECT day, source, subject, tenant, kind, CAST(SUM(count) AS BIGINT) AS count
FROM evidence
GROUP BY day, source, subject, tenant, kind
