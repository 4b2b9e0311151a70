"""The arguments and the variables SM_* that SageMaker's training toolkit hands to a script."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Scripts ask for either, whatever the channel is called in mlops.yaml.
ALIASES = ("train", "training")


def read_config(base: Path, name: str) -> dict[str, Any]:
    """A file of input/config; empty if the job has none."""
    file = base / "input" / "config" / name
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def hyperparameters(base: Path) -> dict[str, str]:
    """The script's hyperparameters, each as it is written; without those that SageMaker adds for itself."""
    given = read_config(base, "hyperparameters.json")
    return {name: given[name] for name in sorted(given) if not name.startswith(("sagemaker_", "_tuning_"))}


def arguments(given: Mapping[str, str], script: str) -> list[str]:
    """The hyperparameters as arguments. The toolkit writes `-C` for one letter, so a script may declare either form."""
    parts = []
    for name, value in given.items():
        short = len(name) == 1 and any(f"{quote}-{name}{quote}" in script for quote in "'\"")
        long = any(f"{quote}--{name}{quote}" in script for quote in "'\"")
        parts += [f"-{name}" if short and not long else f"--{name}", value]
    return parts


def variables(base: Path, script: Path, argv: list[str]) -> dict[str, str]:
    """The variables SM_* of a training job; values that are not text are JSON."""
    resources = read_config(base, "resourceconfig.json")
    inputs = read_config(base, "inputdataconfig.json")
    given = hyperparameters(base)
    channels = {name: str(base / "input" / "data" / name) for name in sorted(inputs)}
    values: dict[str, Any] = {
        "SM_MODEL_DIR": str(base / "model"),
        "SM_INPUT_DIR": str(base / "input"),
        "SM_INPUT_CONFIG_DIR": str(base / "input" / "config"),
        "SM_OUTPUT_DIR": str(base / "output"),
        "SM_OUTPUT_DATA_DIR": str(base / "output" / "data"),
        "SM_OUTPUT_INTERMEDIATE_DIR": str(base / "output" / "intermediate"),
        "SM_CHANNELS": list(channels),
        "SM_HPS": {name: decoded(value) for name, value in given.items()},
        "SM_HOSTS": resources.get("hosts", ["algo-1"]),
        "SM_CURRENT_HOST": resources.get("current_host", "algo-1"),
        "SM_CURRENT_INSTANCE_TYPE": resources.get("current_instance_type", "local"),
        "SM_NETWORK_INTERFACE_NAME": resources.get("network_interface_name", "eth0"),
        "SM_RESOURCE_CONFIG": resources,
        "SM_INPUT_DATA_CONFIG": inputs,
        "SM_NUM_CPUS": count_cpus(),
        "SM_NUM_GPUS": count_gpus(),
        "SM_LOG_LEVEL": 20,
        "SM_MODULE_NAME": script.stem,
        "SM_MODULE_DIR": str(script.parent),
        "SM_USER_ENTRY_POINT": script.name,
        "SM_USER_ARGS": argv,
        "SM_FRAMEWORK_MODULE": "",
        "SM_FRAMEWORK_PARAMS": {},
    }
    if len(present := [name for name in ALIASES if name in channels]) == 1:
        for name in ALIASES:
            values[f"SM_CHANNEL_{name.upper()}"] = channels[present[0]]
    values |= {f"SM_CHANNEL_{name.upper()}": path for name, path in channels.items()}
    values |= {f"SM_HP_{name.upper()}": value for name, value in given.items()}
    values["SM_TRAINING_ENV"] = {name.removeprefix("SM_").lower(): value for name, value in values.items()}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def decoded(text: str) -> Any:
    """A hyperparameter as the toolkit reads it: a number or another JSON value if its text is one."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def count_cpus() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count_gpus() -> int:
    """The GPUs that nvidia-smi lists."""
    if shutil.which("nvidia-smi") is None:
        return 0
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=False)
    return len(listed.stdout.splitlines()) if listed.returncode == 0 else 0
