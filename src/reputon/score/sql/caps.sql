-- The days that count less than they are: at most as a pair's usual day, or as {least} messages where that is more.
-- A pair without a closed day has no usual day, and no cap.
-- In: {large}, {usual}.
SELECT l.subject AS subject, l.tenant AS tenant, l.day AS day, l.volume AS volume,
       CASE WHEN u.median > {least} THEN u.median ELSE {least} END AS most
FROM {large} l
JOIN {usual} u ON u.subject = l.subject AND u.tenant = l.tenant
WHERE l.volume > CASE WHEN u.median > {least} THEN u.median ELSE {least} END
