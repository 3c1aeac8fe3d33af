-- What each source said of each pair (a tenant at an address) on a day: the evidence without its times.
-- In: evidence(day, hour, time, source, subject, tenant, kind, count), of one day: which is no key, but known.
SELECT MIN(day) AS day, source, subject, tenant, kind, CAST(SUM(count) AS BIGINT) AS count
FROM evidence
GROUP BY source, subject, tenant, kind
