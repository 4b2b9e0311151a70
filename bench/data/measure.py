"""Runs a command: prints its seconds, its seconds of processor and its peak memory as JSON.

    measure.py COMMAND...
"""

import json
import os
import sys
import time

begin = time.perf_counter()
process = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(process, 0)
seconds = time.perf_counter() - begin
found = {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}
print("\n" + json.dumps(found))
sys.exit(os.waitstatus_to_exitcode(status))
