"""MSAL Python, unmodified, as a client of the emulator: what it accepts, Entra ID's clients accept.

    python msal_python.py AUTHORITY CA_FILE

It prints a line a flow, PASS or FAIL and why, and ends with 1 if one failed. It needs `msal` and `requests`.
"""

import base64
import html.parser
import json
import sys
import threading
import urllib.parse

import msal
import requests

AUTHORITY, CA = sys.argv[1].rstrip("/"), sys.argv[2]
BASE = AUTHORITY.rsplit("/", 1)[0]
HOST = urllib.parse.urlsplit(BASE)
SCOPE = ["user.read"]
DEFAULT = ["https://graph.microsoft.com/.default"]
EXCHANGE = ["api://AzureADTokenExchange/.default"]


class Http(requests.Session):
    """Trusts the emulator's authority and nothing of the environment; the user realm's address gets its port back."""

    def __init__(self, world_wide=False):
        super().__init__()
        self.trust_env, self.verify, self.world_wide = False, CA, world_wide

    def request(self, method, url, **more):
        parts = urllib.parse.urlsplit(url)
        if parts.netloc == HOST.hostname and parts.netloc != HOST.netloc:
            url = parts._replace(netloc=HOST.netloc).geturl()
        if parts.netloc == "login.microsoftonline.com":
            assert self.world_wide, f"{url} was asked for"
            url = parts._replace(netloc=HOST.netloc).geturl()
        more["verify"] = CA
        return super().request(method, url, **more)


http = Http()
world = http.get(f"{BASE}/.emulator/world").json()
clients, certificate = world["clients"], world["certificate"]
passwords = {user["upn"]: user["password"] for user in world["users"]}


class Forms(html.parser.HTMLParser):
    """The forms of a page: action, fields, buttons by their identifiers."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.error, self.ids = [], None, set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.add(attrs.get("id"))
        if tag == "form":
            self.forms.append({"id": attrs.get("id"), "action": attrs["action"], "fields": {}, "buttons": {}})
        elif tag == "input":
            self.forms[-1]["fields"][attrs["name"]] = attrs.get("value", "")
        elif tag == "button":
            self.forms[-1]["buttons"][attrs.get("id")] = (attrs.get("name"), attrs.get("value"))


def browse(url, upn, code=None, press=None):
    """Signs in as a person would. Gives the parameters of the redirect, or the last page's identifiers."""
    browser = Http()
    answer = browser.get(url, allow_redirects=False)
    for _ in range(10):
        if "location" in answer.headers:
            parts = urllib.parse.urlsplit(answer.headers["location"])
            return dict(urllib.parse.parse_qsl(parts.query or parts.fragment))
        page = Forms(answer.text)
        if not page.forms:
            return page.ids
        form = page.forms[0]
        if form["id"] == "redirect":
            return form["fields"]
        fields, buttons = form["fields"], form["buttons"]
        wanted = [press] if press else ["sign-in", "next", "verify", "accept"]
        button = next(name for name in wanted if name in buttons)
        fields.update({name: value for name, value in {
            "username": upn, "password": passwords.get(upn), "user_code": code, "code": world["mfa_code"]}.items()
            if name in fields})
        name, value = buttons[button]
        fields[name] = value
        answer = browser.post(urllib.parse.urljoin(answer.url, form["action"]), data=fields, allow_redirects=False)
    raise AssertionError("the pages have no end")


def public(client="native", authority=AUTHORITY, cache=None, **more):
    more.setdefault("instance_discovery", False)
    return msal.PublicClientApplication(
        clients[client], authority=authority, http_client=http, token_cache=cache, **more)


def confidential(client="daemon", credential=None, authority=AUTHORITY, **more):
    more.setdefault("instance_discovery", False)
    return msal.ConfidentialClientApplication(
        clients[client], client_credential=credential or world["client_secret"], authority=authority,
        http_client=http, **more)


def good(result):
    assert "access_token" in result, {k: result.get(k) for k in ("error", "error_description")}
    return result


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def by_code(app, upn, scopes=SCOPE, redirect_uri="http://localhost:8400", **more):
    flow = app.initiate_auth_code_flow(scopes, redirect_uri=redirect_uri, **more)
    return app.acquire_token_by_auth_code_flow(flow, browse(flow["auth_uri"], upn))


FLOWS = []


def flow(function):
    FLOWS.append(function)
    return function


@flow
def client_credentials_with_a_secret():
    app = confidential()
    good(app.acquire_token_for_client(DEFAULT))
    assert good(app.acquire_token_for_client(DEFAULT))["token_source"] == "cache"


@flow
def client_credentials_with_a_wrong_secret():
    result = confidential(credential="wrong").acquire_token_for_client(DEFAULT)
    assert result["error"] == "invalid_client" and 7000215 in result["error_codes"], result


@flow
def client_credentials_with_a_certificate_by_its_sha_1():
    good(confidential(credential={
        "private_key": certificate["key_pem"], "thumbprint": certificate["sha1"]}).acquire_token_for_client(DEFAULT))


@flow
def client_credentials_with_a_certificate_by_its_sha_256():
    good(confidential(credential={
        "private_key": certificate["key_pem"], "public_certificate": certificate["certificate_pem"],
    }).acquire_token_for_client(DEFAULT))


@flow
def client_credentials_by_subject_name_and_issuer():
    good(confidential("subject_name", credential={
        "private_key": certificate["key_pem"], "thumbprint": certificate["sha1"],
        "public_certificate": certificate["chain_pem"]}).acquire_token_for_client(DEFAULT))


@flow
def client_credentials_with_a_federated_credential():
    token = good(confidential().acquire_token_for_client(EXCHANGE))["access_token"]
    good(confidential("federated", credential={"client_assertion": token}).acquire_token_for_client(DEFAULT))


@flow
def authorization_code_in_the_query_and_silent():
    app = public()
    result = good(by_code(app, world["managed_user"], response_mode="query"))
    assert result["id_token_claims"]["preferred_username"] == world["managed_user"]
    [account] = app.get_accounts()
    assert good(app.acquire_token_silent(SCOPE, account))["token_source"] == "cache"
    assert good(app.acquire_token_silent(SCOPE, account, force_refresh=True))["token_source"] == "identity_provider"


@flow
def authorization_code_in_a_form_with_a_second_factor():
    good(by_code(public(), "mia@contoso.onmicrosoft.com", response_mode="form_post"))


@flow
def authorization_code_with_consent():
    good(by_code(public("unconsented"), world["managed_user"]))


@flow
def authorization_code_of_a_web_application():
    good(by_code(confidential("web"), world["managed_user"], redirect_uri=world["web_redirect_uri"]))


@flow
def authorization_code_cancelled():
    app = public()
    flow = app.initiate_auth_code_flow(SCOPE, redirect_uri="http://localhost:8400")
    result = app.acquire_token_by_auth_code_flow(flow, browse(flow["auth_uri"], None, press="cancel"))
    assert result["error"] == "access_denied", result


@flow
def interactively_with_a_listener():
    app = public()
    done = {}

    def person(uri):
        # The page sends its form to the listener by itself; here a thread does.
        fields = browse(uri, world["managed_user"])
        listener = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(uri).query))["redirect_uri"]
        done["status"] = Http().post(listener, data=fields, timeout=10).status_code

    import webbrowser

    class Browser(webbrowser.BaseBrowser):
        def open(self, url, new=0, autoraise=True):
            threading.Thread(target=person, args=(url,), daemon=True).start()
            return True

    webbrowser.register("emulated", None, Browser("emulated"), preferred=True)
    good(app.acquire_token_interactive(SCOPE, timeout=30))


@flow
def device_code():
    app = public()
    flow = app.initiate_device_flow(SCOPE)
    assert "user_code" in flow, flow
    assert "done" in browse(flow["verification_uri"], world["managed_user"], code=flow["user_code"])
    good(app.acquire_token_by_device_flow(flow))
    assert good(app.acquire_token_silent(SCOPE, app.get_accounts()[0], force_refresh=True))


@flow
def device_code_declined():
    app = public()
    flow = app.initiate_device_flow(SCOPE)
    browser = Http()
    form = Forms(browser.get(flow["verification_uri"]).text).forms[0]
    page = browser.post(f"{BASE}{form['action']}", data={"user_code": flow["user_code"]})
    form = Forms(page.text).forms[0]
    browser.post(f"{BASE}{form['action']}", data={**form["fields"], "action": "cancel"})
    result = app.acquire_token_by_device_flow(flow)
    assert result["error"] == "authorization_declined", result


@flow
def password_of_a_managed_user():
    app = public()
    good(app.acquire_token_by_username_password(world["managed_user"], passwords[world["managed_user"]], SCOPE))


@flow
def password_of_a_federated_user():
    app = public()
    user = world["self_contained_user"]
    good(app.acquire_token_by_username_password(user, passwords[user], SCOPE))


@flow
def password_of_a_user_with_a_second_factor():
    result = public().acquire_token_by_username_password(
        "mia@contoso.onmicrosoft.com", passwords["mia@contoso.onmicrosoft.com"], SCOPE)
    assert result["error"] == "invalid_grant" and 50076 in result["error_codes"], result


@flow
def on_behalf_of():
    user = world["managed_user"]
    token = good(public().acquire_token_by_username_password(user, passwords[user], [world["api_scope"]]))
    result = good(confidential("web").acquire_token_on_behalf_of(token["access_token"], SCOPE))
    assert claims(result["access_token"])["upn"] == user


@flow
def refresh_token_of_the_family():
    cache = msal.TokenCache()
    good(by_code(public("family", cache=cache), world["managed_user"]))
    other = public("other_family", cache=cache)
    good(other.acquire_token_silent(SCOPE, other.get_accounts()[0]))


@flow
def refresh_token_of_another_library():
    cache = msal.TokenCache()
    good(by_code(public(cache=cache), world["managed_user"]))
    [token] = cache.search(msal.TokenCache.CredentialType.REFRESH_TOKEN)
    good(public().acquire_token_by_refresh_token(token["secret"], SCOPE))


@flow
def agent_identity_in_three_steps():
    blueprint, agent = confidential("blueprint"), clients["agent"]
    if not hasattr(msal.ConfidentialClientApplication, "acquire_token_by_user_federated_identity_credential"):
        raise Skipped("this MSAL does not know the grant")
    first = good(blueprint.acquire_token_for_client(EXCHANGE, fmi_path=agent))["access_token"]
    app = confidential("agent", credential={"client_assertion": first})
    second = good(app.acquire_token_for_client(EXCHANGE))["access_token"]
    result = good(app.acquire_token_by_user_federated_identity_credential(
        scopes=SCOPE, assertion=second, username=world["agent_user"]))
    assert claims(result["access_token"])["upn"] == world["agent_user"]


@flow
def capabilities_of_the_client():
    app = confidential(client_capabilities=["cp1"])
    token = good(app.acquire_token_for_client(DEFAULT))["access_token"]
    assert claims(token)["xms_cc"] == ["cp1"]


@flow
def claims_of_a_challenge():
    app = public(client_capabilities=["cp1"])
    good(by_code(app, world["managed_user"]))
    asked = json.dumps({"access_token": {"acrs": {"essential": True, "value": "c1"}}})
    result = good(app.acquire_token_silent(SCOPE, app.get_accounts()[0], claims_challenge=asked))
    assert result["token_source"] == "identity_provider" and claims(result["access_token"])["xms_cc"] == ["cp1"]


@flow
def b2c_with_a_policy_in_the_path():
    app = public(authority=f"{AUTHORITY}/{world['b2c_policy']}", validate_authority=False)
    result = by_code(app, world["managed_user"], scopes=[clients["native"]])
    assert claims(good(result)["access_token"])["tfp"].lower() == world["b2c_policy"].lower()


@flow
def ad_fs():
    app = public(authority=f"{BASE}/adfs", validate_authority=False)
    user = world["federated_user"]
    good(by_code(app, user, scopes=["https://api.example/Read"]))
    good(app.acquire_token_by_username_password(user, passwords[user], ["https://api.example/Read"]))


@flow
def a_plain_openid_provider():
    app = msal.PublicClientApplication(clients["native"], oidc_authority=f"{BASE}/oidc", http_client=http)
    good(by_code(app, world["managed_user"], scopes=["read"]))
    good(app.acquire_token_silent(["read"], app.get_accounts()[0], force_refresh=True))


@flow
def instance_discovery_at_the_world_wide_host():
    app = msal.ConfidentialClientApplication(
        clients["daemon"], client_credential=world["client_secret"], http_client=Http(world_wide=True),
        authority=f"https://login.microsoftonline.com/{world['tenant']}")
    good(app.acquire_token_for_client(DEFAULT))


class Skipped(Exception):
    pass


failed = 0
for function in FLOWS:
    name = function.__name__.replace("_", " ")
    http.delete(f"{BASE}/.emulator/violations")
    try:
        function()
        broken = http.get(f"{BASE}/.emulator/violations").json()
        assert not broken, f"rules were broken: {broken}"
        print(f"PASS {name}")
    except Skipped as reason:
        print(f"SKIP {name}: {reason}")
    except Exception as reason:  # whatever it is, it is this flow's, and the others go on
        failed += 1
        print(f"FAIL {name}: {type(reason).__name__}: {reason}")
print(f"msal {msal.__version__}: {len(FLOWS) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
