-- The last 24 hours as they count (counted.sql), with each message for 2^20 as sums.sql has it, and nothing faded.
-- In: hours (of the 24 hours), sources(source, class, sent_cap); {most}: messages that others may say of a pair.
WITH said AS (
    SELECT source, subject, tenant, kind, CAST(SUM(count) AS BIGINT) AS count
    FROM hours
    GROUP BY source, subject, tenant, kind
)
SELECT h.subject AS subject, h.tenant AS tenant, COALESCE(s.class, 0) AS source, h.kind AS kind,
       CAST(SUM(CASE WHEN h.kind = 1 AND s.sent_cap < h.count THEN s.sent_cap
                     WHEN s.class <> 0 AND h.count > {most} THEN {most}
                     ELSE h.count END) * 1048576 AS BIGINT) AS amount
FROM said h
LEFT JOIN sources s ON s.source = h.source
GROUP BY h.subject, h.tenant, COALESCE(s.class, 0), h.kind
