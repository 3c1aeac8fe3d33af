-- Everything that is remembered, by day: the closed days, and what there is of today.
-- In: days (as tally_days.sql gives it), hours (as tally_hours.sql does); {first}, {today}: days.
SELECT day, source, subject, tenant, kind, count
FROM days
WHERE day >= {first} AND day < {today}
UNION ALL
SELECT CAST({today} AS INT) AS day, source, subject, tenant, kind, CAST(SUM(count) AS BIGINT) AS count
FROM hours
WHERE hour >= 24 * {today}
GROUP BY source, subject, tenant, kind
