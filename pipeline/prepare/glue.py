"""The script of the Glue job: the driver runs the program from --extra-py-files, without Spark."""

import sys

from mlops_prepare.remote import run

run(sys.argv[1:])
