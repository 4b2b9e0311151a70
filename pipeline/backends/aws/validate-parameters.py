"""Checks the parameters of AWS calls against the service models of botocore.

Standard input: one JSON object per line, {"service": "sagemaker", "operation": "createTrainingJob", "parameters": {...}}.
Standard output: one line for each call that AWS would refuse. Exit code 1 if there is one, or if nothing was checked.
"""

import json
import sys

from botocore.session import Session
from botocore.validate import ParamValidator



def spelled(value, shape):
    """The value with the members of structures spelled as in the service's model. Step Functions starts each with a
    capital letter, ECS does not."""
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {name.lower(): name for name in shape.members}
        named = {members.get(key.lower(), key): inner for key, inner in value.items()}
        return {key: spelled(inner, shape.members[key]) if key in shape.members else inner for key, inner in named.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [spelled(inner, shape.member) for inner in value]
    return value


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
    parameters = spelled(call["parameters"], shape) if service == "ecs" else call["parameters"]
    report = ParamValidator().validate(parameters, shape)
    checked += 1
    if report.has_errors():
        refused += 1
        print(f"{call['state']}: {operation}: {report.generate_report()}")
sys.exit(1 if refused or not checked else 0)
