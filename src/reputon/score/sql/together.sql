-- The same from all sources together: of one that is not our own, its bad evidence counts at most as much as that of
-- all the others, and so does its volume.  One division, one product and a floor: the same bits everywhere.
-- In: parts, as entities.sql gives it; {bad}: the sum of the kinds that speak against a sender; capped: a column a kind.
WITH totals AS (
    SELECT subject, tenant, CAST(SUM(sent) AS BIGINT) AS sent, CAST(SUM({bad}) AS BIGINT) AS bad
    FROM parts
    GROUP BY subject, tenant
),
shares AS (
    SELECT p.*,
           CASE WHEN p.source = 0 OR 2 * p.sent <= t.sent THEN 1e0
                ELSE CAST(t.sent - p.sent AS DOUBLE) / CAST(p.sent AS DOUBLE) END AS of_sent,
           CASE WHEN p.source = 0 OR 2 * ({bad_of_p}) <= t.bad THEN 1e0
                ELSE CAST(t.bad - ({bad_of_p}) AS DOUBLE) / CAST({bad_of_p} AS DOUBLE) END AS of_bad
    FROM parts p
    JOIN totals t ON t.subject = p.subject AND t.tenant = p.tenant
)
SELECT subject, tenant,
       {capped}
FROM shares
GROUP BY subject, tenant
