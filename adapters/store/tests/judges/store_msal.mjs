// A process with MSAL's library for Node that shares a cache file.
//
// store_msal.mjs write FILE NAME COUNT   signs in COUNT accounts, NAME-0 and so on
// store_msal.mjs read FILE HOME          prints the secret of the refresh token of an account, or nothing
// store_msal.mjs hold FILE               takes the lock, says so, and keeps it until it is killed
import { readFileSync } from "node:fs";
import { PublicClientApplication } from "@azure/msal-node";
import { FilePersistence, PersistenceCachePlugin } from "@azure/msal-node-extensions";

const CLIENT = "my_client_id";
const ENVIRONMENT = "login.microsoftonline.com";
const [task, path, ...rest] = process.argv.slice(2);

const quiet = { loggerOptions: { loggerCallback() {} } };
const persistence = await FilePersistence.create(path, quiet.loggerOptions);
const plugin = new PersistenceCachePlugin(persistence);

const app = new PublicClientApplication({
    auth: { clientId: CLIENT, authority: `https://${ENVIRONMENT}/t`, knownAuthorities: [ENVIRONMENT] },
    system: quiet,
});

// The library calls its plug-in so before and after each access.
async function access(change) {
    const tokenCache = app.getTokenCache();
    const context = { cacheHasChanged: change !== undefined, tokenCache };
    await plugin.beforeCacheAccess(context);
    if (change) {
        const document = JSON.parse(tokenCache.serialize());
        change(document);
        tokenCache.deserialize(JSON.stringify(document));
    }
    await plugin.afterCacheAccess(context);
}

function signIn(document, name) {
    const home = `${name}.t`;
    const common = { home_account_id: home, environment: ENVIRONMENT };
    document.RefreshToken[`${home}-${ENVIRONMENT}-refreshtoken-${CLIENT}----`] = {
        ...common,
        credential_type: "RefreshToken",
        client_id: CLIENT,
        secret: name,
    };
    document.Account[`${home}-${ENVIRONMENT}-t`] = {
        ...common,
        realm: "t",
        local_account_id: name,
        username: `${name}@contoso.com`,
        authority_type: "MSSTS",
    };
}

if (task === "write") {
    const [name, count] = rest;
    for (let nth = 0; nth < Number(count); nth++) {
        await access((document) => signIn(document, `${name}-${nth}`));
    }
} else if (task === "read") {
    const [home] = rest;
    await access();
    const accounts = await app.getTokenCache().getAllAccounts();
    if (accounts.some((account) => account.homeAccountId === home)) {
        const tokens = Object.values(JSON.parse(readFileSync(path, "utf8")).RefreshToken);
        console.log(tokens.filter((token) => token.home_account_id === home).map((token) => token.secret).join(""));
    }
} else if (task === "hold") {
    await plugin.crossPlatformLock.lock();
    console.log("held");
    setTimeout(() => {}, 60000);
}
