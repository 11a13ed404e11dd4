// msal-node, unmodified, as a client of the emulator: what it accepts, Entra ID's clients accept.
//
//     node msal_node.mjs AUTHORITY CA_FILE
//
// It prints a line a flow, PASS or FAIL and why, and ends with 1 if one failed. It needs `@azure/msal-node`, found from the
// working directory.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import http from 'node:http';

const require = createRequire(`${process.cwd()}/`);
const msal = require('@azure/msal-node');

const authority = process.argv[2].replace(/\/$/, '');
const ca = readFileSync(process.argv[3]);
const base = new URL(authority).origin;
const host = new URL(authority).host;
const scopes = ['user.read'];
const everything = ['https://graph.microsoft.com/.default'];
const exchange = ['api://AzureADTokenExchange/.default'];

/** One request; no redirect is followed. */
function send(method, url, headers = {}, body = undefined) {
  const { request } = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method, ca, headers: { ...headers, ...length } }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString() }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The library's own requests, over a connection that trusts the emulator's authority. */
const networkClient = {
  async go(method, url, options) {
    const answer = await send(method, url, options?.headers, options?.body);
    return { status: answer.status, headers: answer.headers, body: JSON.parse(answer.text) };
  },
  sendGetRequestAsync(url, options) { return this.go('GET', url, options); },
  sendPostRequestAsync(url, options) { return this.go('POST', url, options); },
};

const world = JSON.parse((await send('GET', `${base}/.emulator/world`)).text);
const passwords = Object.fromEntries(world.users.map((user) => [user.upn, user.password]));

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const unescape = (text) => text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => entities[name]);
const attributes = (tag) => Object.fromEntries([...tag.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, unescape(value)]));

/** Signs in as a person would. Gives the parameters of the redirect, or nothing at the last page. */
async function browse(url, upn, { code, press } = {}) {
  let cookie = '';
  let answer = await send('GET', url);
  for (let page = 0; page < 10; page += 1) {
    cookie = answer.headers['set-cookie']?.[0].split(';')[0] ?? cookie;
    if (answer.headers.location) {
      const { search, hash } = new URL(answer.headers.location);
      return Object.fromEntries(new URLSearchParams(search || hash.slice(1)));
    }
    const form = /<form([^>]*)>(.*?)<\/form>/s.exec(answer.text);
    if (!form) return null;
    const inputs = [...form[2].matchAll(/<input([^>]*)>/g)].map(([, tag]) => attributes(tag));
    const fields = Object.fromEntries(inputs.map(({ name, value }) => [name, value]));
    const { id, action } = attributes(form[1]);
    if (id === 'redirect') return fields;
    const buttons = [...form[2].matchAll(/<button([^>]*)>/g)].map(([, tag]) => attributes(tag));
    const button = buttons.find((one) => (press ?? ['sign-in', 'next', 'verify', 'accept']).includes(one.id));
    const typed = { username: upn, password: passwords[upn], user_code: code, code: world.mfa_code };
    for (const name of Object.keys(fields)) if (typed[name] !== undefined) fields[name] = typed[name];
    fields[button.name] = button.value;
    const headers = { 'content-type': 'application/x-www-form-urlencoded', cookie };
    answer = await send('POST', new URL(action, base).href, headers, new URLSearchParams(fields).toString());
  }
  throw new Error('the pages have no end');
}

const config = (client, auth = {}) => ({
  auth: { clientId: world.clients[client], authority, knownAuthorities: [host], ...auth },
  system: { networkClient },
});
const publicClient = (client = 'native', auth = {}) => new msal.PublicClientApplication(config(client, auth));
const confidential = (client = 'daemon', auth = { clientSecret: world.client_secret }) =>
  new msal.ConfidentialClientApplication(config(client, auth));

function check(condition, why) {
  if (!condition) throw new Error(typeof why === 'string' ? why : JSON.stringify(why));
}

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());

/** Expects a refusal of this error, and of this code if there is one. */
async function refusal(promise, error, code = '') {
  const reason = await promise.then(() => null, (reason) => reason);
  check(reason, 'it was not refused');
  check(`${reason.errorCode} ${reason.message} ${reason.errorMessage}`.includes(error), `${reason}`);
  check(`${reason.message} ${reason.errorMessage}`.includes(code), `${reason}`);
}

async function byCode(app, upn, { redirectUri = 'http://localhost:8400', wanted = scopes, responseMode = 'query' } = {}) {
  const { verifier, challenge } = await new msal.CryptoProvider().generatePkceCodes();
  const url = await app.getAuthCodeUrl({
    scopes: wanted, redirectUri, responseMode, codeChallenge: challenge, codeChallengeMethod: 'S256', state: 'a state',
  });
  const answer = await browse(url, upn);
  check(answer.state === 'a state', answer);
  return app.acquireTokenByCode({ code: answer.code, scopes: wanted, redirectUri, codeVerifier: verifier });
}

const user = world.managed_user;
const pat = world.plain_password_user;

const flows = {
  async 'client credentials with a secret'() {
    const app = confidential();
    await app.acquireTokenByClientCredential({ scopes: everything });
    check((await app.acquireTokenByClientCredential({ scopes: everything })).fromCache, 'the cache was not used');
  },
  async 'client credentials with a wrong secret'() {
    const app = confidential('daemon', { clientSecret: 'wrong' });
    await refusal(app.acquireTokenByClientCredential({ scopes: everything }), 'invalid_client', '7000215');
  },
  async 'client credentials with a certificate'() {
    const { sha256, key_pem: privateKey } = world.certificate;
    const app = confidential('daemon', { clientCertificate: { thumbprintSha256: sha256, privateKey } });
    await app.acquireTokenByClientCredential({ scopes: everything });
  },
  async 'client credentials by subject name and issuer'() {
    const { sha256, key_pem: privateKey, chain_pem: x5c } = world.certificate;
    const app = confidential('subject_name', { clientCertificate: { thumbprintSha256: sha256, privateKey, x5c } });
    await app.acquireTokenByClientCredential({ scopes: everything });
  },
  async 'client credentials with a federated credential'() {
    const { accessToken } = await confidential().acquireTokenByClientCredential({ scopes: exchange });
    const app = confidential('federated', { clientAssertion: accessToken });
    await app.acquireTokenByClientCredential({ scopes: everything });
  },
  async 'authorization code in the query and silent'() {
    const app = publicClient();
    const { account } = await byCode(app, user);
    check(account.username === user, account);
    check((await app.acquireTokenSilent({ account, scopes })).fromCache, 'the cache was not used');
    check(!(await app.acquireTokenSilent({ account, scopes, forceRefresh: true })).fromCache, 'the cache was used');
  },
  async 'authorization code in a form with a second factor'() {
    await byCode(publicClient(), 'mia@contoso.onmicrosoft.com', { responseMode: 'form_post' });
  },
  async 'authorization code of a web application'() {
    await byCode(confidential('web'), user, { redirectUri: world.web_redirect_uri });
  },
  async 'authorization code cancelled'() {
    const app = publicClient();
    const { challenge } = await new msal.CryptoProvider().generatePkceCodes();
    const redirectUri = 'http://localhost:8400';
    const url = await app.getAuthCodeUrl({ scopes, redirectUri, responseMode: 'query', codeChallenge: challenge, codeChallengeMethod: 'S256' });
    const answer = await browse(url, user, { press: ['cancel'] });
    check(answer.error === 'access_denied', answer);
  },
  async 'interactively with a listener'() {
    let person;
    const app = publicClient();
    const result = await app.acquireTokenInteractive({
      scopes,
      openBrowser: async (url) => {
        // The browser goes on by itself, as a person would make it.
        person = browse(url, user).then(async (fields) => {
          const query = new URL(url).searchParams;
          const listener = query.get('redirect_uri');
          const form = new URLSearchParams(fields).toString();
          const posted = query.get('response_mode') === 'form_post';
          const headers = { 'content-type': 'application/x-www-form-urlencoded' };
          return posted ? send('POST', listener, headers, form) : send('GET', `${listener}?${form}`);
        });
      },
    });
    check(result.account.username === user, result);
    await person;
  },
  async 'device code'() {
    const app = publicClient();
    let typed;
    const result = await app.acquireTokenByDeviceCode({
      scopes,
      deviceCodeCallback: ({ userCode, verificationUri }) => { typed = browse(verificationUri, user, { code: userCode }); },
    });
    check((await typed) === null, 'the pages went elsewhere');
    check(!(await app.acquireTokenSilent({ account: result.account, scopes, forceRefresh: true })).fromCache, 'the cache was used');
  },
  async 'device code declined'() {
    let typed;
    const refused = publicClient().acquireTokenByDeviceCode({
      scopes,
      deviceCodeCallback: ({ userCode, verificationUri }) => { typed = browse(verificationUri, user, { code: userCode, press: ['next', 'cancel'] }); },
    });
    await refusal(refused, 'authorization_declined');
    check((await typed) === null, 'the pages went elsewhere');
  },
  async 'password of a managed user'() {
    // The library names a charset, and the service takes none with the other users' password.
    await publicClient().acquireTokenByUsernamePassword({ scopes, username: pat, password: passwords[pat] });
  },
  async 'password that is wrong'() {
    const wrong = publicClient().acquireTokenByUsernamePassword({ scopes, username: pat, password: 'wrong' });
    await refusal(wrong, 'invalid_grant', '50126');
  },
  async 'on behalf of'() {
    const api = [world.api_scope];
    const { accessToken } = await publicClient().acquireTokenByUsernamePassword({ scopes: api, username: pat, password: passwords[pat] });
    const result = await confidential('web').acquireTokenOnBehalfOf({ oboAssertion: accessToken, scopes });
    check(claims(result.accessToken).upn === pat, 'another user');
  },
  async 'refresh token of another library'() {
    const app = publicClient();
    await byCode(app, user);
    const [token] = Object.values(JSON.parse(app.getTokenCache().serialize()).RefreshToken);
    await publicClient().acquireTokenByRefreshToken({ refreshToken: token.secret, scopes });
  },
  async 'agent identity in three steps'() {
    const { agent } = world.clients;
    const secret = { clientSecret: world.client_secret };
    const first = await confidential('blueprint', secret).acquireTokenByClientCredential({ scopes: exchange, fmiPath: agent });
    const app = confidential('agent', { clientAssertion: first.accessToken });
    const second = await app.acquireTokenByClientCredential({ scopes: exchange });
    const result = await app.acquireTokenByUserFederatedIdentityCredential({ scopes, assertion: second.accessToken, username: world.agent_user });
    check(claims(result.accessToken).upn === world.agent_user, 'another user');
  },
  async 'claims of a challenge'() {
    const app = publicClient('native', { clientCapabilities: ['cp1'] });
    const { account } = await byCode(app, user);
    const asked = JSON.stringify({ access_token: { acrs: { essential: true, value: 'c1' } } });
    const result = await app.acquireTokenSilent({ account, scopes, claims: asked });
    check(!result.fromCache && claims(result.accessToken).xms_cc.includes('cp1'), result);
  },
  async 'b2c with a policy in the path'() {
    const app = publicClient('native', { authority: `${authority}/${world.b2c_policy}` });
    const result = await byCode(app, user, { wanted: [world.clients.native] });
    check(claims(result.accessToken).tfp.toLowerCase() === world.b2c_policy.toLowerCase(), 'another policy');
  },
  async 'ad fs'() {
    const app = publicClient('native', { authority: `${base}/adfs` });
    await byCode(app, world.federated_user, { wanted: ['https://api.example/Read'] });
  },
  async 'a plain openid provider'() {
    const app = new msal.PublicClientApplication({
      auth: { clientId: world.clients.native, authority: `${base}/oidc`, knownAuthorities: [host] },
      system: { networkClient, protocolMode: msal.ProtocolMode.OIDC },
    });
    const { account } = await byCode(app, user, { wanted: ['read'] });
    check(!(await app.acquireTokenSilent({ account, scopes: ['read'], forceRefresh: true })).fromCache, 'the cache was used');
  },
};

let failed = 0;
for (const [name, flow] of Object.entries(flows)) {
  await send('DELETE', `${base}/.emulator/violations`);
  try {
    await flow();
    const broken = JSON.parse((await send('GET', `${base}/.emulator/violations`)).text);
    check(broken.length === 0, `rules were broken: ${broken.join('; ')}`);
    console.log(`PASS ${name}`);
  } catch (reason) {
    failed += 1;
    console.log(`FAIL ${name}: ${reason}`);
  }
}
console.log(`msal-node ${require('@azure/msal-node/package.json').version}: ${Object.keys(flows).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
