-- What each pair of interest did in the last 24 hours, as it is, and who says so.
-- In: hours (of the 24 hours), low_subjects(subject), low_tenants(tenant).
WITH wanted AS (
    SELECT subject FROM low_subjects
    UNION
    SELECT h.subject AS subject FROM hours h JOIN low_tenants l ON l.tenant = h.tenant
)
SELECT h.subject AS subject, h.tenant AS tenant, h.source AS source, h.kind AS kind,
       CAST(SUM(h.count) AS BIGINT) AS count, CAST(SUM(h.pieces) AS BIGINT) AS pieces,
       CAST(MAX(h.latest) AS BIGINT) AS latest
FROM hours h
JOIN wanted w ON w.subject = h.subject
GROUP BY h.subject, h.tenant, h.source, h.kind
