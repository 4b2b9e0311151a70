-- Score distribution: ten groups of as many rows, lowest scores first; scores within a thousandth are one group
SELECT
  model,
  decile,
  CAST(sum(row_count) AS bigint) AS row_count,
  min(lowest) AS lowest,
  sum(total) / sum(row_count) AS mean_score,
  max(highest) AS highest
FROM (
  SELECT
    *,
    -- The group in which ntile(10) has the first of these rows, without sorting all rows: the first groups have one row more
    CAST(1 + CASE
      WHEN rows_before < larger * (size + 1) THEN floor(rows_before / (size + 1))
      ELSE larger + floor((rows_before - larger * (size + 1)) / size)
    END AS bigint) AS decile
  FROM (
    SELECT
      *,
      CAST(sum(row_count) OVER (PARTITION BY model ORDER BY lowest) - row_count AS double) AS rows_before,
      CAST(sum(row_count) OVER (PARTITION BY model) % 10 AS double) AS larger,
      floor(CAST(sum(row_count) OVER (PARTITION BY model) AS double) / 10) AS size
    FROM (
      SELECT model, count(*) AS row_count, min(score) AS lowest, sum(score) AS total, max(score) AS highest
      FROM predictions_current
      WHERE score IS NOT NULL
      GROUP BY model, sign(score), CASE WHEN score = 0 THEN 0 ELSE floor(1000 * ln(abs(score))) END
    ) AS alike
  ) AS counted
) AS grouped
GROUP BY model, decile
ORDER BY model, decile
