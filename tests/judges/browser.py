"""A person with a browser: a sign-in and the approval of a device, on the emulator's pages, for the `entrada` command.

    python browser.py ENTRADA FOLDER AUTHORITY CA_FILE

It drives a headless Chromium by WebDriver, with the keyboard alone, and keeps a picture of every page in FOLDER. It prints
a line a check, PASS or FAIL and why, and ends with 1 if one failed. It needs `chromium` and `chromedriver`, and of Python
the standard library.
"""

import base64
import contextlib
import json
import os
import pathlib
import re
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ENTRADA, FOLDER, AUTHORITY, CA = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3].rstrip("/"), sys.argv[4]
PATIENCE = 20

ENTER, TAB, SPACE = "\ue007", "\ue004", " "

# What every page must have, whoever looks at it and however: a title, a language, a label for each field, a focus that
# shows, nothing from elsewhere, and no need to scroll sideways.
RULES = """
const faults = [];
const h1 = document.querySelector('h1');
if (!h1 || document.title !== h1.textContent) faults.push('the title is not the heading');
if (document.documentElement.lang !== 'en') faults.push('there is no language');
for (const field of document.querySelectorAll('input:not([type=hidden])')) {
  if (!field.labels.length) faults.push(`${field.name} has no label`);
}
for (const button of document.querySelectorAll('button')) {
  if (button.getBoundingClientRect().height < 40) faults.push(`${button.id} is hard to hit`);
}
const focused = document.activeElement;
if (focused !== document.body && getComputedStyle(focused).outlineStyle === 'none') faults.push('the focus does not show');
if (document.documentElement.scrollWidth > innerWidth) faults.push('it is too wide');
if (performance.getEntriesByType('resource').length) faults.push('it loads something');
return faults;
"""


class Driver:
    """The few commands of WebDriver that are needed: https://www.w3.org/TR/webdriver2/"""

    def __init__(self):
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = next(re.search(r"on port (\d+)\.", line)[1] for line in self.process.stdout if "successfully" in line)
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.base = f"http://127.0.0.1:{port}/session"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=900,760",
                     "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"]
        wanted = {"browserName": "chrome", "acceptInsecureCerts": True, "goog:chromeOptions": {"args": arguments}}
        self.base += "/" + self.ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"content-type": "application/json"}, method=method)
        with self.opener.open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def close(self):
        with contextlib.suppress(OSError):
            self.ask("DELETE", "")
        self.process.terminate()
        self.process.wait()

    def open(self, url):
        self.ask("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def type(self, *keys):
        """Types on the keyboard, wherever the focus is."""
        strokes = [{"type": kind, "value": key} for key in "".join(keys) for kind in ("keyDown", "keyUp")]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def devtools(self, command, **parameters):
        self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def until(self, look, failure):
        """Waits for what `look` finds; a page that goes away under it is looked at again."""
        end = time.monotonic() + PATIENCE
        while True:
            found = None
            with contextlib.suppress(urllib.error.HTTPError):
                found = look()
            if found:
                return found
            assert time.monotonic() < end, failure()
            time.sleep(0.05)

    def focused(self, wanted):
        """Waits until the keyboard is where it should be."""
        focus = lambda: self.run("return document.activeElement.id")
        self.until(lambda: focus() == wanted, lambda: f"the focus is on {focus()!r}, not on {wanted!r}")

    def picture(self, name):
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{name}.png").write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))

    def looks(self, name):
        """Pictures of the page as it is, in the dark and on a telephone."""
        self.picture(name)
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        self.picture(f"{name}-dark")
        self.devtools("Emulation.setEmulatedMedia", features=[])
        self.devtools("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=2, mobile=True)
        self.picture(f"{name}-small")
        faults = self.run(RULES)
        self.devtools("Emulation.clearDeviceMetricsOverride")
        assert not faults, f"{name} on a telephone: {faults}"

    def page(self, heading, *texts, picture):
        """Waits for a page, holds it to the rules and keeps a picture. A page that was waited for once is not a new one, even
        if the next looks like it."""
        seen = "return [window.seen ? 'the page before' : document.readyState, document.querySelector('h1')?.innerText, location.href]"
        self.until(lambda: self.run(seen)[:2] == ["complete", heading],
                   lambda: f"{heading!r} does not come; there is {self.run(seen)}")
        text = self.run("window.seen = true; return document.body.innerText")
        for wanted in texts:
            assert wanted in text, f"{heading!r} does not say {wanted!r} but {text!r}"
        faults = self.run(RULES)
        assert not faults, f"{heading!r}: {faults}"
        self.picture(picture)


class Entrada:
    """The `entrada` command while it waits for a person."""

    def __init__(self, folder, flow, client, scope="user.read"):
        # What it takes for a browser writes down which address to open.
        self.address, self.messages = folder / f"{flow}-address", folder / f"{flow}-messages"
        script = folder / "browser"
        script.write_text(f'#!/bin/sh\nprintf %s "$1" > "{self.address}.new"\nmv "{self.address}.new" "{self.address}"\n')
        script.chmod(0o700)
        arguments = ["token", "--flow", flow, "--client-id", client, "--authority", AUTHORITY, "--scope", scope,
                     "--ca-certificate", CA, "--json"]
        with self.messages.open("w") as messages:
            self.process = subprocess.Popen(
                [ENTRADA, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages, text=True,
                env={**os.environ, "BROWSER": str(script), "DISPLAY": ":0"})

    def wait(self, look):
        end = time.monotonic() + PATIENCE
        while not (found := look()):
            assert self.process.poll() is None and time.monotonic() < end, self.messages.read_text()
            time.sleep(0.05)
        return found

    def asks_to_open(self):
        return self.wait(lambda: self.address.exists() and self.address.read_text())

    def shows_code(self):
        # The service's own sentence.
        pattern = re.compile(r"open the page (\S+) and enter the code (\S+) to authenticate")
        return self.wait(lambda: pattern.search(self.messages.read_text())).groups()

    def result(self):
        out, _ = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, f"exit code {self.process.returncode}: {out}{self.messages.read_text()}"
        return json.loads(out)


def world():
    url = AUTHORITY.rsplit("/", 1)[0] + "/.emulator/world"
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=CA))
    return json.load(urllib.request.build_opener(urllib.request.ProxyHandler({}), trust).open(url, timeout=10))


def sign_in(driver, folder, world):
    """Signs in on this machine, with all that may come up: a wrong password, a second factor, consent."""
    user = "mia@contoso.onmicrosoft.com"
    password = next(known["password"] for known in world["users"] if known["upn"] == user)
    command = Entrada(folder, "interactive", world["clients"]["unconsented"])
    driver.open(command.asks_to_open())

    driver.page("Sign in", "to go on to", "User name", "Password", "never type a real password here", picture="1-sign-in")
    driver.looks("1-sign-in")
    driver.focused("username")
    driver.type(user, TAB, "wrong", ENTER)
    driver.page("Sign in", "incorrect", picture="2-wrong-password")
    # What was right is not asked for again.
    driver.focused("password")
    driver.type(password, ENTER)
    driver.page("Verify your identity", user, picture="3-second-factor")
    driver.focused("code")
    driver.type(world["mfa_code"], ENTER)
    driver.page("Permissions requested", user, "user.read", picture="4-permissions")
    driver.type(TAB)
    driver.focused("accept")
    driver.type(ENTER)
    driver.page("You are signed in", "close this tab", picture="5-signed-in")
    driver.looks("5-signed-in")
    address = urllib.parse.urlsplit(driver.run("return location.href"))
    assert address.hostname in ("localhost", "127.0.0.1") and not address.query, address
    assert command.result()["account"]["username"] == user


def approve_a_device(driver, folder, world):
    """Types the code of another device."""
    user = world["managed_user"]
    password = next(known["password"] for known in world["users"] if known["upn"] == user)
    command = Entrada(folder, "device-code", world["clients"]["native"])
    address, code = command.shows_code()
    driver.open(address)

    driver.page("Enter code", "Type the code", picture="6-enter-code")
    driver.looks("6-enter-code")
    driver.focused("user_code")
    driver.type("WRONGWRNG", ENTER)
    driver.page("Enter code", "code", picture="7-wrong-code")
    driver.focused("user_code")
    driver.run("document.activeElement.select()")
    driver.type(code.lower(), ENTER)
    driver.page("Sign in", picture="8-sign-in-for-device")
    driver.type(user, TAB, password, ENTER)
    driver.page("Sign in on your device", user, "another device", picture="9-confirm-device")
    driver.type(TAB)
    driver.focused("accept")
    driver.type(SPACE)
    driver.page("Done", "close", picture="10-device-approved")
    assert command.result()["account"]["username"] == user


failed = 0
with tempfile.TemporaryDirectory() as folder:
    for check in (sign_in, approve_a_device):
        # A browser for each: nobody is signed in with it yet.
        driver = Driver()
        try:
            check(driver, pathlib.Path(folder), world())
            print(f"PASS {check.__name__.replace('_', ' ')}")
        except Exception as reason:  # whatever it is, it is this check's, and the other goes on
            failed += 1
            with contextlib.suppress(OSError):
                driver.picture(f"failed-{check.__name__}")
            print(f"FAIL {check.__name__.replace('_', ' ')}: {type(reason).__name__}: {reason}")
        finally:
            driver.close()
print(f"chromium: {2 - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
