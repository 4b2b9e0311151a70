-- Decisions by release: how many rows got which decision, and their mean score
SELECT
  model,
  release,
  package,
  decision,
  count(*) AS row_count,
  avg(score) AS mean_score,
  min(predicted_at) AS predicted_at
FROM predictions
GROUP BY model, release, package, decision
ORDER BY model, predicted_at, release, row_count DESC
