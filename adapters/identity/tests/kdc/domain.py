"""Fills a new domain: a user whose name in the cloud is not the account's, a service, and groups.

    domain.py CONFIGURATION KEYTAB GROUPS PASSWORD
"""

import sys

import samba.dckeytab  # gives Net its export_keytab
from samba.auth import system_session
from samba.credentials import Credentials
from samba.net import Net
from samba.param import LoadParm
from samba.samdb import SamDB

CONFIGURATION, KEYTAB, GROUPS, PASSWORD = sys.argv[1:]

configuration = LoadParm()
configuration.load(CONFIGURATION)
credentials = Credentials()
credentials.guess(configuration)
directory = SamDB(
    url=configuration.samdb_url(), session_info=system_session(), credentials=credentials, lp=configuration
)


def named(name):
    return f"CN={name},CN=Users,{directory.domain_dn()}"


def replace(name, attribute, value):
    directory.modify_ldif(f"dn: {named(name)}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n")


directory.transaction_start()
directory.newuser("jdoe", PASSWORD)
replace("jdoe", "userPrincipalName", "joe@contoso.com")
directory.newuser("adfs", PASSWORD)
replace("adfs", "servicePrincipalName", "HTTP/localhost")
# AES: the keytab would have RC4 alone.
replace("adfs", "msDS-SupportedEncryptionTypes", "24")
for number in range(int(GROUPS)):
    group = f"group {number}"
    directory.add(
        {"dn": named(group), "objectClass": "group", "sAMAccountName": group, "member": named("jdoe")}
    )
directory.transaction_commit()
Net(None, configuration).export_keytab(keytab=KEYTAB, principal="HTTP/localhost")
