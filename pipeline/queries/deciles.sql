-- Score distribution: the current release in ten groups of as many rows each, the lowest scores first
SELECT model, decile, count(*) AS row_count, min(score) AS lowest, avg(score) AS mean_score, max(score) AS highest
FROM (
  SELECT model, score, ntile(10) OVER (PARTITION BY model ORDER BY score) AS decile
  FROM predictions_current
  WHERE score IS NOT NULL
) AS ranked
GROUP BY model, decile
ORDER BY model, decile
