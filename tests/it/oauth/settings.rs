//! What is refused when it is set.

use mcpclient::Status;

use super::Scratch;
use crate::support::*;

cases!(settings_that_cannot_be_used, settings_of_other_credentials, oauth_credentials_have_no_token_to_set,);

fn settings_that_cannot_be_used<D: Driver>() {
    let auth = D::login(|_| {});
    for (setting, reason) in [
        (OAuth::Client(Some("http://auth.example"), "c", None), "https"),
        (OAuth::Client(Some("https://auth.example/?x=1"), "c", None), "query"),
        (OAuth::Client(Some("https://u:s3cret@auth.example"), "c", None), "user name"),
        (OAuth::Client(None, "", None), "empty"),
        (OAuth::Client(None, "a\nb", None), "byte 1"),
        (OAuth::Client(None, "c", Some("s3cret\n")), "byte 6"),
        (OAuth::Client(None, "c", Some("")), "empty"),
        (OAuth::Scopes(Some("a\"b")), "byte 1"),
        (OAuth::Scopes(Some("")), "empty"),
        (OAuth::ClientMetadataUrl("https://app.example"), "path"),
        (OAuth::ClientMetadataUrl("http://app.example/c"), "https"),
        (OAuth::RedirectUrl("http://app.example/cb"), "https"),
        (OAuth::RedirectUrl("myapp:/cb"), "host"),
        (OAuth::Resource(Some("mcp")), "URI"),
        (OAuth::Parameter("state", Some("x")), "library"),
        (OAuth::Parameter("code_challenge", None), "library"),
        (OAuth::Parameter("", Some("x")), "empty"),
        (OAuth::Metadata(Some("{}")), "issuer"),
        (OAuth::Metadata(Some(r#"{"issuer":"https://a.example"}"#)), "token_endpoint"),
    ] {
        let failure = fails(D::set_oauth(&auth, setting), Status::InvalidArgument);
        assert!(failure.message.contains(reason) && !failure.message.contains("s3cret"), "{setting:?}: {failure:?}");
    }
    for (issuer, id, secret) in
        [(Some("auth.example"), "c", "s"), (None, "", "s"), (None, "c", ""), (None, "c", "a\rb")]
    {
        fails(D::client_credentials(issuer, id, secret).map(drop), Status::InvalidArgument);
    }
    let identity = D::bearer_auth("jwt").unwrap();
    fails(D::workload(Some("http://auth.example"), None, &identity).map(drop), Status::InvalidArgument);
    fails(D::enterprise("", "c", None, &identity).map(drop), Status::InvalidArgument);
}

fn settings_of_other_credentials<D: Driver>() {
    let scratch = Scratch::new();
    let file = scratch.write("token", "token");
    for auth in [D::bearer_auth("t").unwrap(), D::token_file(&file).unwrap(), D::token_provider(|_| {})] {
        for setting in [
            OAuth::Client(None, "c", None),
            OAuth::Scopes(None),
            OAuth::StoreFile(&file),
            OAuth::Forget,
            OAuth::FinishLogin("https://app.example"),
        ] {
            fails(D::set_oauth(&auth, setting), Status::InvalidState);
        }
    }
}

fn oauth_credentials_have_no_token_to_set<D: Driver>() {
    fails(D::set_token(&D::login(|_| {}), "token"), Status::InvalidState);
}
