-- Volume by day: how many predictions and releases were made on each day
SELECT
  day,
  model,
  count(*) AS releases,
  sum(row_count) AS row_count
FROM (
  SELECT model, release, CAST(predicted_at AS date) AS day, count(*) AS row_count
  FROM predictions
  GROUP BY model, release, CAST(predicted_at AS date)
) AS counted
GROUP BY day, model
ORDER BY day DESC, model
