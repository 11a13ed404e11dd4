//! `entrada accounts`: who has signed in.

use std::io::{self, Write};

use entrada_core::application::PublicClientApplication;
use entrada_core::flow::accounts::SignedInAccount;
use entrada_tokio::Settings;

use crate::args::{AccountsArgs, Backend};
use crate::cache::Cache;
use crate::report::{Failure, plain};
use crate::runner::{self, Runner};

/// Lists the accounts of an application.
pub(crate) fn run(args: &AccountsArgs) -> Result<(), Failure> {
    let authority = runner::authority(&args.app)?;
    // How the application proves who it is makes no difference: nobody is asked.
    let mut flow = PublicClientApplication::new(&args.app.client_id, authority).accounts();
    flow.every_cloud = args.every_cloud;
    let cache = Cache::open(&args.cache)?;
    if cache.names_needed().is_some() {
        return Err(Failure::Usage("the accounts in Redis cannot be listed".to_owned()));
    }
    let mut runner = Runner::new(Backend::Blocking, Settings::new(), cache, true)?;
    let accounts = runner.run(flow);
    runner.warn(&accounts);
    let accounts = accounts?;
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", entrada_json::accounts_json(&accounts))?;
    } else {
        tell(&mut out, &accounts)?;
        if accounts.is_empty() {
            eprintln!("nobody has signed in to this application here");
        }
    }
    Ok(out.flush()?)
}

fn tell(out: &mut impl Write, accounts: &[SignedInAccount]) -> io::Result<()> {
    for SignedInAccount { account, tenant_profiles, .. } in accounts {
        let name = account.name.as_deref().map(|name| format!(" ({})", plain(name))).unwrap_or_default();
        writeln!(out, "account:      {}{name}", plain(&account.username))?;
        writeln!(out, "home account: {}", plain(account.home_account_id.as_str()))?;
        writeln!(out, "cloud:        {}", plain(&account.environment))?;
        for profile in tenant_profiles {
            writeln!(out, "tenant:       {}", plain(&profile.tenant_id))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
