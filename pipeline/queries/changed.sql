-- Changed since the last release: rows with another decision than in the release before, the largest change of score first
WITH latest AS (
  SELECT model, release, max(predicted_at) AS made_at
  FROM predictions_current
  GROUP BY model, release
),
earlier AS (
  SELECT model, release, max(predicted_at) AS made_at
  FROM predictions
  GROUP BY model, release
),
compared AS (
  SELECT latest.model, max_by(earlier.release, earlier.made_at) AS release
  FROM latest
  JOIN earlier ON earlier.model = latest.model AND earlier.made_at < latest.made_at
  GROUP BY latest.model
),
old_predictions AS (
  SELECT p.model, p.row_id, p.score, p.decision
  FROM predictions AS p
  JOIN compared AS c ON c.model = p.model AND c.release = p.release
)
SELECT
  n.model,
  n.row_id,
  o.decision AS decision_before,
  n.decision AS decision_now,
  o.score AS score_before,
  n.score AS score_now,
  n.score - o.score AS change
FROM predictions_current AS n
JOIN old_predictions AS o ON o.model = n.model AND o.row_id = n.row_id
WHERE o.decision IS DISTINCT FROM n.decision
ORDER BY abs(n.score - o.score) DESC, n.row_id
LIMIT 100
