"""The sample's model on a data frame in one process: reads the rows, predicts, writes Parquet. What a batch is compared with.

Arguments: the folder of the model's artifact, the CSV, the column of ids, the Parquet file to write. Prints {"seconds", "cpu",
"peak_mb"}.
"""

import json
import os
import resource
import sys
import time
from array import array
from pathlib import Path

# After the model's own, whose versions count.
sys.path.append(os.environ["BENCH_PACKAGES"])

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sample_model.artifact import load_artifact
from sample_model.features import training_matrix
from sample_model.predictor import Predictor

model, rows, row_id, target = sys.argv[1:]
began = time.perf_counter()
artifact = load_artifact(Path(model))
predictor = Predictor(artifact)
frame = pd.read_csv(rows, keep_default_na=False)
columns = [
    array("d", frame[feature.name].to_numpy(float).tobytes())
    if feature.kind in ("number", "ordinal")
    else frame[feature.name].to_list()
    for feature in artifact.features
]
matrix = training_matrix(columns, artifact.features)
scores, contributions = predictor._score(matrix)
score = scores[:, 0]
order = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, :3]
names = np.array([feature.name for feature in artifact.features])
table = {
    "row_id": frame[row_id],
    "score": score,
    "decision": np.where(score >= 0.5, "Yes", "No"),
    **{f"factor_{at + 1}": names[order[:, at]] for at in range(3)},
    **{f"contribution_{at + 1}": contributions[np.arange(len(order)), order[:, at]] for at in range(3)},
}
pq.write_table(pa.table({name: pa.array(values) for name, values in table.items()}), target)
print(
    json.dumps(
        {
            "rows": len(frame),
            "seconds": time.perf_counter() - began,
            "cpu": time.process_time(),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
