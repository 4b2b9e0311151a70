-- At risk now: the 100 highest scores of the current releases, with what moved each
SELECT model, row_id, score, decision, contributions
FROM predictions_current
WHERE score IS NOT NULL
ORDER BY score DESC, row_id
LIMIT 100
