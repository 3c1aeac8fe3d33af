-- The same by the hour, for the listing rule: also how many pieces of evidence that is, and when the latest was seen.
-- In: evidence; {since} and {until}: times, the first not included, the second included.
SELECT hour, source, subject, tenant, kind, CAST(SUM(count) AS BIGINT) AS count,
       CAST(COUNT(*) AS BIGINT) AS pieces, CAST(MAX(time) AS BIGINT) AS latest
FROM evidence
WHERE time > {since} AND time <= {until}
GROUP BY hour, source, subject, tenant, kind
