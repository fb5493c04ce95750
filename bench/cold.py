"""Process start to the first refreshed token with boto3; see cold_run.lua. usage: python3 bench/cold.py URL CA"""
import sys

import boto3
from botocore import UNSIGNED
from botocore.config import Config

client = boto3.client("cognito-idp", region_name="eu-west-1", endpoint_url=sys.argv[1].rstrip("/"),
                      verify=sys.argv[2], config=Config(signature_version=UNSIGNED))
answer = client.initiate_auth(ClientId="1h57kf5cpq17m0eml12EXAMPLE", AuthFlow="REFRESH_TOKEN_AUTH",
                              AuthParameters={"REFRESH_TOKEN": "r" * 1686})
print(answer["AuthenticationResult"]["AccessToken"])
