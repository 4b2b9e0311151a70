-- Tuning so far: each run's trials, guided and random apart, with the best objective and where it was
SELECT
  model,
  execution,
  min(started_at) AS started_at,
  objective,
  goal,
  guided,
  count(*) AS trials,
  count(value) AS with_value,
  CASE WHEN goal = 'minimize' THEN min(value) ELSE max(value) END AS best_value,
  avg(value) AS mean_value,
  CASE WHEN goal = 'minimize' THEN min_by(hyperparameters, value) ELSE max_by(hyperparameters, value) END AS best_at,
  sum(seconds) AS seconds
FROM trials
GROUP BY model, execution, objective, goal, guided
ORDER BY model, min(started_at) DESC, execution, guided DESC
