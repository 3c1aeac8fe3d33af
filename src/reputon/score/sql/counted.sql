-- The tally as it counts: own sources are one (0), and no source's volume of a pair and a day is above its cap.  What
-- others say of a pair and a day counts for a million messages at most: no word of theirs makes a sum too large.
-- In: tally, sources(source, class, sent_cap); a source that is not there is an own one without a cap.
SELECT t.day, COALESCE(s.class, 0) AS source, t.subject, t.tenant, t.kind,
       CASE WHEN t.kind = 1 AND s.sent_cap < t.count THEN s.sent_cap
            WHEN s.class <> 0 AND t.count > 1000000 THEN 1000000
            ELSE t.count END AS count
FROM tally t
LEFT JOIN sources s ON s.source = t.source
