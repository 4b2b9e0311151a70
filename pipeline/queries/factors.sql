-- Strongest factors: what moves the scores of the current releases most
SELECT
  model,
  factor,
  count(*) AS row_count,
  avg(abs(contributions[factor])) AS mean_size,
  avg(contributions[factor]) AS mean_effect
FROM (
  SELECT model, contributions, map_keys(contributions) AS factors
  FROM predictions_current
) AS p
CROSS JOIN UNNEST(factors) AS t(factor)
GROUP BY model, factor
ORDER BY model, sum(abs(contributions[factor])) DESC, factor
LIMIT 100
