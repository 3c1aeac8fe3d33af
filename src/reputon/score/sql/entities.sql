-- What is said of each entity of a scope by each class of source, one column a kind.
-- In: {sums}(subject, tenant, source, kind, amount); {subject}, {tenant}: what an entity is.
SELECT {subject} AS subject, {tenant} AS tenant, source,
       {kinds}
FROM {sums}
WHERE {which}
GROUP BY {by}, source
