-- How an address is shared: the sum of the squared shares of its tenants' volume, each share in 1 / 1024.
-- In: {sums}; only addresses of three tenants and more can have three effective ones.
WITH volumes AS (
    SELECT subject, tenant, CAST(SUM(amount) AS BIGINT) AS volume
    FROM {sums}
    WHERE kind = 1
    GROUP BY subject, tenant
),
totals AS (
    SELECT subject, CAST(SUM(volume) AS BIGINT) AS total
    FROM volumes
    GROUP BY subject
    HAVING COUNT(*) >= 3
),
shares AS (
    SELECT v.subject AS subject,
           CAST(floor(CAST(v.volume AS DOUBLE) * 1024e0 / CAST(t.total AS DOUBLE)) AS BIGINT) AS share
    FROM volumes v
    JOIN totals t ON t.subject = v.subject
)
SELECT subject, CAST(SUM(share * share) AS BIGINT) AS squares
FROM shares
GROUP BY subject
