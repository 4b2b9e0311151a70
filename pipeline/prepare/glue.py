"""The script of the Glue job: the driver runs the program that --extra-py-files brings; Spark is left alone."""

import sys

from mlops_prepare.remote import run

run(sys.argv[1:])
