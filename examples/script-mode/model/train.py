"""An ordinary SageMaker script for scikit-learn: nothing here knows of this template."""

import argparse
import glob
import os

import joblib
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score


def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--n-estimators", type=int, default=100)
    parser.add_argument("--min-samples-leaf", type=int, default=1)
    parser.add_argument("--target", type=str, required=True)
    parser.add_argument("--model-dir", type=str, default=os.environ.get("SM_MODEL_DIR"))
    parser.add_argument("--train", type=str, default=os.environ.get("SM_CHANNEL_TRAIN"))
    args, _ = parser.parse_known_args()

    data = pd.concat(pd.read_csv(file) for file in glob.glob(os.path.join(args.train, "*.csv")))
    labels = data.pop(args.target)

    forest = RandomForestClassifier(args.n_estimators, min_samples_leaf=args.min_samples_leaf, random_state=0)
    scores = cross_val_score(forest, data, labels, cv=5, scoring="roc_auc")
    print(f"cv_roc_auc={scores.mean():.4f};")

    forest.fit(data, labels)
    joblib.dump(forest, os.path.join(args.model_dir, "model.joblib"))
