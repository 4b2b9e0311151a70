"""Gradient boosting with LightGBM, as an ordinary SageMaker script."""

import argparse
import glob
import os

import lightgbm as lgb
import pandas as pd


def model_fn(model_dir):
    return lgb.Booster(model_file=os.path.join(model_dir, "model.txt"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--num-leaves", type=int, default=31)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--num-rounds", type=int, default=100)
    parser.add_argument("--num-class", type=int, default=3)
    parser.add_argument("--target", type=str, required=True)
    parser.add_argument("--model-dir", type=str, default=os.environ.get("SM_MODEL_DIR"))
    parser.add_argument("--train", type=str, default=os.environ.get("SM_CHANNEL_TRAIN"))
    args = parser.parse_args()

    data = pd.concat(pd.read_csv(file) for file in glob.glob(os.path.join(args.train, "*.csv")))
    labels = data.pop(args.target)
    params = {
        "objective": "multiclass",
        "num_class": args.num_class,
        "num_leaves": args.num_leaves,
        "learning_rate": args.learning_rate,
        "min_data_in_leaf": 5,
        "verbosity": -1,
        "seed": 0,
        "deterministic": True,
        "force_row_wise": True,
    }
    dataset = lgb.Dataset(data, label=labels, free_raw_data=False)
    folds = lgb.cv(params, dataset, num_boost_round=args.num_rounds, nfold=5, seed=0)
    print(f"cv_log_loss={folds['valid multi_logloss-mean'][-1]:.4f};")

    booster = lgb.train(params, dataset, num_boost_round=args.num_rounds)
    booster.save_model(os.path.join(args.model_dir, "model.txt"))
