"""Runs an ordinary SageMaker script as the programs `train` and `serve`. The script needs no change.

The script lies beside this package: `train.py`, or whatever its name is if it is the only Python file there. If an
`inference.py` lies there too, `serve` takes its functions from that.
"""
