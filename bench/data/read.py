"""Reads a CSV file as pandas does by default: prints the seconds of the call alone as JSON.

    read.py FILE
"""

import json
import sys
import time

import pandas as pd

begin, cpu = time.perf_counter(), time.process_time()
frame = pd.read_csv(sys.argv[1])
print(json.dumps({"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "peak_mb": 0}))
