-- The same by the hour, for the listing rule: of what speaks against a sender also how many pieces of evidence it is,
-- and when the latest was seen (of other kinds 0: nobody asks).
-- In: evidence; {since} and {until}: times, the first not included, the second included; {bad}: kinds.
SELECT hour, source, subject, tenant, kind, CAST(SUM(count) AS BIGINT) AS count,
       CAST(SUM(CASE WHEN kind IN ({bad}) THEN 1 ELSE 0 END) AS BIGINT) AS pieces,
       CAST(MAX(CASE WHEN kind IN ({bad}) THEN time ELSE 0 END) AS BIGINT) AS latest
FROM evidence
WHERE time > {since} AND time <= {until}
GROUP BY hour, source, subject, tenant, kind
