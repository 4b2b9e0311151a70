-- A row's history: every prediction for one row; write its id in place of the inner SELECT, which takes the highest score
SELECT model, row_id, predicted_at, release, package, score, decision, contributions
FROM predictions
WHERE row_id = (SELECT row_id FROM predictions_current WHERE score IS NOT NULL ORDER BY score DESC, row_id LIMIT 1)
ORDER BY model, predicted_at, release
