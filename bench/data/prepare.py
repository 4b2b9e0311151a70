"""What the prepare job does, as one would write it in pandas: checks, types, split, files, hashes.

    prepare.py FILE FOLDER
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

import pandas as pd

SHARE = 0.2

frame = pd.read_csv(sys.argv[1], dtype={"id": str, "y": str})
folder = Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
if not frame["id"].is_unique or frame["id"].isna().any():
    raise SystemExit("ids repeat or are missing")
if frame["y"].isna().any() or frame["y"].nunique() != 2:
    raise SystemExit("expected two classes")
features = [name for name in frame.columns if name not in ("id", "y")]
for name in features:
    if frame[name].dtype == object and frame[name].str.contains("[\r\n]", na=False).any():
        raise SystemExit(f"a line break in {name}")
types = {name: "number" if pd.api.types.is_numeric_dtype(frame[name]) else "category" for name in features}
warnings = [f"{name} has one value" for name in features if frame[name].nunique(dropna=False) == 1]
limit = int(SHARE * 2**64)
held = [int.from_bytes(sha256(f"bench:{row_id}".encode()).digest()[:8], "big") < limit for row_id in frame["id"]]
frame["y"] = (frame["y"] == "Yes").astype(int)
held_out = pd.Series(held)
frame.loc[~held_out, ["y", *features]].to_csv(folder / "train.csv", index=False)
frame.loc[held_out, ["id", "y", *features]].to_csv(folder / "holdout.csv", index=False, header=False)
files = {name: sha256((folder / name).read_bytes()).hexdigest() for name in ("train.csv", "holdout.csv")}
(folder / "manifest.json").write_text(json.dumps({"types": types, "warnings": warnings, "files": files}))
