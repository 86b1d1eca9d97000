"""Sets a function's reserved concurrency to 0, so that Lambda rejects every invocation."""

import os

import boto3


def handler(event, context):
    function = os.environ["FUNCTION"]
    boto3.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    print(f"stopped {function}: its budget is spent. To start it again: aws lambda delete-function-concurrency --function-name {function}")
