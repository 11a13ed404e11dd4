"""A process with MSAL's library for Python that shares a cache file.

store_msal.py write FILE NAME COUNT   signs in COUNT accounts, NAME-0 and so on
store_msal.py read FILE HOME          prints the secret of the refresh token of an account, or nothing
store_msal.py hold FILE               takes the lock, says so, and keeps it until it is killed
"""

import base64
import json
import sys
import time

import msal
from msal_extensions import CrossPlatLock, FilePersistence, PersistedTokenCache

CLIENT = "my_client_id"
ENDPOINT = "https://login.microsoftonline.com/tenant/oauth2/v2.0/token"


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def sign_in(cache, name):
    claims = {"oid": name, "sub": name, "preferred_username": name + "@contoso.com", "tid": "t"}
    cache.add(
        {
            "client_id": CLIENT,
            "scope": ["user.read"],
            "token_endpoint": ENDPOINT,
            "environment": "login.microsoftonline.com",
            "response": {
                "access_token": "at-" + name,
                "refresh_token": name,
                "expires_in": 3600,
                "token_type": "Bearer",
                "client_info": encoded({"uid": name, "utid": "t"}),
                "id_token": "header." + encoded(claims) + ".signature",
                "id_token_claims": claims,
            },
        }
    )


def main(task, path, *arguments):
    if task == "hold":
        with CrossPlatLock(path + ".lockfile"):
            print("held", flush=True)
            time.sleep(60)
    cache = PersistedTokenCache(FilePersistence(path))
    if task == "write":
        name, count = arguments
        for nth in range(int(count)):
            sign_in(cache, f"{name}-{nth}")
    if task == "read":
        (home,) = arguments
        kinds = msal.TokenCache.CredentialType
        accounts = cache.find(kinds.ACCOUNT, query={"home_account_id": home})
        found = cache.find(kinds.REFRESH_TOKEN, query={"home_account_id": home}) if accounts else []
        print("".join(token["secret"] for token in found))


main(*sys.argv[1:])
