"""Lets Lambda run no more of a function: nothing is called while none may run at once."""

import os

import boto3


def handler(event, context):
    function = os.environ["FUNCTION"]
    boto3.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    print(f"stopped {function}: its budget is spent. To go on: aws lambda delete-function-concurrency --function-name {function}")
