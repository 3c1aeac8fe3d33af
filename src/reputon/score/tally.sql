-- What each entity (subject, tenant) has of each kind, faded by whole days and with its volume capped, in units of
-- 1 / 2^20 message.  Days are UTC days, so that daily tallies give the same sums.  Integers only, so that every
-- engine gives them too.
-- In: evidence(time, subject, tenant, kind, count), fading(age, weight), bounds(now, least).
WITH aged AS (
    SELECT e.subject, e.tenant, e.kind, e.count,
           CAST(floor(b.now / 86400.0) - floor(e.time / 86400.0) AS BIGINT) AS age
    FROM evidence e CROSS JOIN bounds b
    WHERE e.time <= b.now
),
daily AS (
    SELECT subject, tenant, age, kind, SUM(count) AS messages
    FROM aged
    GROUP BY subject, tenant, age, kind
),
volumes AS (
    SELECT subject, tenant, age, SUM(messages) AS volume
    FROM daily
    WHERE kind = 'sent'
    GROUP BY subject, tenant, age
),
ranked AS (
    SELECT subject, tenant, volume,
           ROW_NUMBER() OVER (PARTITION BY subject, tenant ORDER BY volume) AS place,
           COUNT(*) OVER (PARTITION BY subject, tenant) AS days
    FROM volumes
),
medians AS (
    SELECT subject, tenant, MIN(volume) AS median
    FROM ranked
    WHERE 2 * place >= days
    GROUP BY subject, tenant
),
capped AS (
    SELECT v.subject, v.tenant, v.age, v.volume,
           CASE WHEN m.median > b.least THEN m.median ELSE b.least END AS most
    FROM volumes v
    JOIN medians m ON m.subject = v.subject AND m.tenant = v.tenant
    CROSS JOIN bounds b
),
weighted AS (
    SELECT d.subject, d.tenant, d.kind, d.messages,
           CASE WHEN c.volume > c.most
                THEN CAST((f.weight * c.most - (f.weight * c.most) % c.volume) / c.volume AS BIGINT)
                ELSE f.weight END AS weight
    FROM daily d
    JOIN fading f ON f.age = d.age
    LEFT JOIN capped c ON c.subject = d.subject AND c.tenant = d.tenant AND c.age = d.age
)
SELECT subject, tenant, kind, CAST(SUM(messages * weight) AS BIGINT) AS amount
FROM weighted
GROUP BY subject, tenant, kind
ORDER BY subject, tenant, kind
