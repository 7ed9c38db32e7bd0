-- Which files were left behind, by their hash?
-- The same dropper under many names: one sha256, several packages.
SELECT sha256, count(DISTINCT (ecosystem, name)) AS packages, any_value(path) AS path, max(size) AS size,
  list(DISTINCT ecosystem || '/' || name)[:5] AS some
FROM files
WHERE change <> 'deleted' AND sha256 <> '' AND actor = 'package'
GROUP BY sha256
ORDER BY packages DESC, size DESC
