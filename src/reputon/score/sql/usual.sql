-- What those pairs usually send: the (lower) median of their closed days, those without mail left out.
-- In: counted, {large}; {today}: a day.
WITH heavy AS (SELECT DISTINCT subject, tenant FROM {large}),
volumes AS (
    SELECT c.subject AS subject, c.tenant AS tenant, c.day AS day, CAST(SUM(c.count) AS BIGINT) AS volume
    FROM counted c
    JOIN heavy h ON h.subject = c.subject AND h.tenant = c.tenant
    WHERE c.kind = 1 AND c.day < {today}
    GROUP BY c.subject, c.tenant, c.day
),
ranked AS (
    SELECT subject, tenant, volume,
           ROW_NUMBER() OVER (PARTITION BY subject, tenant ORDER BY volume, day) AS place,
           COUNT(*) OVER (PARTITION BY subject, tenant) AS days
    FROM volumes
)
SELECT subject, tenant, MIN(volume) AS median
FROM ranked
WHERE 2 * place >= days
GROUP BY subject, tenant
