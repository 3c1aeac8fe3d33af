-- The same from all sources together: of one that is not our own, its bad evidence counts at most as much as that of
-- all the others, weighed by its harm, and so does its volume.  One division, one product and a floor: the same bits
-- everywhere.
-- In: parts, as entities.sql gives it; harm: what speaks against a sender, weighed; capped: columns.
WITH weighed AS (SELECT p.*, {harm} AS bad FROM parts p),
totals AS (
    SELECT subject, tenant, CAST(SUM(sent) AS BIGINT) AS all_sent, CAST(SUM(bad) AS BIGINT) AS all_bad
    FROM weighed
    GROUP BY subject, tenant
),
shares AS (
    SELECT w.*,
           CASE WHEN w.source = 0 OR 2 * w.sent <= t.all_sent THEN 1e0
                ELSE CAST(t.all_sent - w.sent AS DOUBLE) / CAST(w.sent AS DOUBLE) END AS of_sent,
           CASE WHEN w.source = 0 OR 2 * w.bad <= t.all_bad THEN 1e0
                ELSE CAST(t.all_bad - w.bad AS DOUBLE) / CAST(w.bad AS DOUBLE) END AS of_bad
    FROM weighed w
    JOIN totals t ON t.subject = w.subject AND t.tenant = w.tenant
)
SELECT subject, tenant,
       {capped}
FROM shares
GROUP BY subject, tenant
