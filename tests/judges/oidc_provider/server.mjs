// npm's oidc-provider, a certified OpenID provider, as a server that Entrada must get along with.
//
//     node server.mjs FOLDER
//
// FOLDER has `client.pem`, the certificate of the applications that sign; and for https `tls.pem` and `tls-key.pem`. It
// prints `listening ADDRESS`, and serves on a free port of 127.0.0.1 until its standard input ends. It needs
// `oidc-provider`, found from the working directory.
//
// | path           | what is there                                                                             |
// |----------------|-------------------------------------------------------------------------------------------|
// | /              | the provider                                                                              |
// | /basic         | one that takes a secret in the `Authorization` header alone                               |
// | /contoso.com   | one with its endpoints where Entra ID has them, so that a client proves itself as it does there |
// | /elsewhere     | the first one again, which is not the issuer of this address                              |

import { createRequire } from 'node:module';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { resolve } = createRequire(`${process.cwd()}/`);
const { Provider } = await import(pathToFileURL(resolve('oidc-provider')));

const [, , folder] = process.argv;
const read = (name) => readFileSync(join(folder, name));

const API = 'urn:api';
// Every character that the header's own encoding (RFC 6749, section 2.3.1) is about.
const SECRET = 's3cret: 100% of + & = "all" of /it?';
const certificate = new X509Certificate(read('client.pem')).publicKey.export({ format: 'jwk' });
const signingKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

/** An application that proves who it is. */
const service = (client_id, method, more) => ({
  client_id,
  token_endpoint_auth_method: method,
  grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
  redirect_uris: ['https://app.example/callback'],
  scope: 'openid offline_access profile read',
  ...more,
});
const signing = (client_id, token_endpoint_auth_signing_alg) =>
  service(client_id, 'private_key_jwt', { token_endpoint_auth_signing_alg, jwks: { keys: [certificate] } });

const clients = [
  service('post', 'client_secret_post', { client_secret: SECRET }),
  service('basic: a & b', 'client_secret_basic', { client_secret: SECRET }),
  signing('rs256', 'RS256'),
  signing('ps256', 'PS256'),
  {
    client_id: 'native',
    client_name: 'A desktop application',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    redirect_uris: ['http://127.0.0.1/callback'],
    scope: 'openid offline_access profile read',
  },
];

const configuration = {
  clients,
  jwks: { keys: [signingKey] },
  cookies: { keys: ['of a test'] },
  scopes: ['openid', 'offline_access', 'profile', 'read', 'write'],
  // The ID token tells who it is, as Microsoft's and most others do, though the standard lets it leave that to `/me`.
  conformIdTokenClaims: false,
  claims: { profile: ['name', 'preferred_username'] },
  async findAccount(_context, accountId) {
    const claims = { sub: accountId, name: 'A Person', preferred_username: `${accountId}@op.example` };
    return { accountId, claims: async () => claims };
  },
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => API,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: 'read write', audience: API, accessTokenFormat: 'jwt' }),
    },
  },
};

const tls = existsSync(join(folder, 'tls.pem'));
const server = tls ? https.createServer({ cert: read('tls.pem'), key: read('tls-key.pem') }) : http.createServer();
await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
const origin = `${tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;

const provider = (path, more) => new Provider(`${origin}${path}`, { ...configuration, ...more }).callback();
const plain = provider('');
const mounted = {
  '/basic': provider('/basic', { clientAuthMethods: ['client_secret_basic', 'none'], clients: [clients[1]] }),
  '/contoso.com': provider('/contoso.com', {
    routes: { authorization: '/oauth2/v2.0/authorize', device_authorization: '/oauth2/v2.0/devicecode', token: '/oauth2/v2.0/token' },
  }),
};

server.on('request', (request, response) => {
  const [, path, rest] = /^(\/[^/]+)(\/.*)$/.exec(request.url) ?? [];
  if (path === '/elsewhere') {
    request.url = rest;
  } else if (mounted[path]) {
    // The provider learns from this where it is.
    request.originalUrl = request.url;
    request.url = rest;
    return mounted[path](request, response);
  }
  return plain(request, response);
});

console.log(`listening ${origin}`);
process.stdin.resume().on('end', () => process.exit());
