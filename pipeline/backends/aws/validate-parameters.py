"""Holds the parameters of AWS calls against the service models that botocore ships.

Standard input: one JSON object a line, {"service": "sagemaker", "operation": "createTrainingJob", "parameters": {...}}.
Standard output: one line for each that AWS would refuse. Exit code 1 where there is one, or where nothing was checked.
"""

import json
import sys

from botocore.session import Session
from botocore.validate import ParamValidator

models = {}
checked = 0
refused = 0
for line in sys.stdin:
    call = json.loads(line)
    service = {"states": "stepfunctions"}.get(call["service"], call["service"])
    if service not in models:
        models[service] = Session().get_service_model(service)
    # createTrainingJob is CreateTrainingJob.
    operation = call["operation"][0].upper() + call["operation"][1:]
    shape = models[service].operation_model(operation).input_shape
    report = ParamValidator().validate(call["parameters"], shape)
    checked += 1
    if report.has_errors():
        refused += 1
        print(f"{call['state']}: {operation}: {report.generate_report()}")
sys.exit(1 if refused or not checked else 0)
