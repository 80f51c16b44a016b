//! Logging out (RFC 7009).

use std::time::Duration;

use super::client::Client;
use super::config::Config;
use super::discovery::{self, Known};
use super::form::Form;
use super::record::Grant;
use super::server::ServerGrants;
use crate::auth::fetch::{FetchRequest, GrantContext};
use crate::auth::secret::Secret;
use crate::base::call::Call;
use crate::base::error::Error;
use ::http::{Method, header};

/// How long the authorization server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Removes the grant for one MCP server. Revoking it is best effort: what the authorization server says is ignored, since
/// the grant is gone here in any case.
pub(super) fn forget(config: &Config, server: &ServerGrants) -> Result<(), Error> {
    let call = Call::with_timeout(PATIENCE);
    let grant = server.current(config);
    {
        let _lock = config.store.as_ref().map(|store| store.lock(&call)).transpose()?;
        server.remove(config)?;
    }
    if let Ok(Some(grant)) = grant {
        let _ = revoke(config, server, &grant, &call);
    }
    Ok(())
}

fn revoke(config: &Config, server: &ServerGrants, grant: &Grant, call: &Call) -> Result<(), Error> {
    let (Some(fetch), Some(url)) = (server.fetch.load_full(), server.url()) else { return Ok(()) };
    let context = GrantContext { call, server: &url, client_name: "", assumes_endpoints: false, fetch: &**fetch };
    let known = Known { set_metadata: config.metadata.as_deref(), ..Known::default() };
    let metadata = discovery::of_issuer(&context, &grant.issuer, &known)?;
    let Some(endpoint) = &metadata.revocation_endpoint else { return Ok(()) };
    let registered = grant.registration.as_ref().map(Client::registered);
    let Some(client) = config.client().or_else(|| config.described_client()).or(registered) else { return Ok(()) };
    let access = grant.access.as_ref().map(|access| ("access_token", Secret::new(access.token.bare())));
    // A refresh token takes its access tokens with it (section 2.1).
    let refresh = grant.refresh_token.clone().map(|token| ("refresh_token", token));
    let Some((hint, token)) = refresh.or(access) else { return Ok(()) };
    let form = Form::default().with("token", token.expose()).with("token_type_hint", hint);
    let (form, authorization) = client.authenticate(form, &metadata)?;
    let body = form.encode();
    let request = FetchRequest {
        method: Method::POST,
        url: endpoint,
        secrets: authorization.map(|value| (header::AUTHORIZATION, value)).into_iter().collect(),
        body: Some(("application/x-www-form-urlencoded", &body)),
    };
    context.fetch.fetch(call, &request).map(drop)
}
