//! A server of rmcp. Usage: interop {older,modern} [PORT]. Prints a line of JSON when it is ready, and ends with
//! standard input.

mod modern_server;
mod older_server;

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

const TOKEN: &str = "interop-token";
/// How often the tool "slow" reports its progress.
const STEPS: u32 = 10;
const TOOLS: [(&str, &str); 4] = [
    ("echo", r#"{"type":"object","properties":{"text":{"type":"string"}}}"#),
    ("slow", r#"{"type":"object","properties":{"seconds":{"type":"number"}}}"#),
    ("cancelled", r#"{"type":"object"}"#),
    ("change", r#"{"type":"object"}"#),
];

/// How many calls of "slow" heard of their cancellation.
static CANCELLED: AtomicUsize = AtomicUsize::new(0);

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let routes = match arguments.next().as_deref() {
        Some("older") => Router::new().nest_service("/mcp", older_server::service()),
        Some("modern") => Router::new().nest_service("/mcp", modern_server::service()),
        _ => panic!("usage: interop {{older,modern}} [PORT]"),
    };
    let port = arguments.next().unwrap_or_default().parse().unwrap_or(0);
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    println!("{}", serde_json::json!({"url": url, "tokens": {"good": TOKEN}}));
    tokio::spawn(async move { axum::serve(listener, routes.layer(from_fn(authorize))).await });
    tokio::io::stdin().read_to_end(&mut Vec::new()).await.unwrap();
}

async fn authorize(request: Request, next: Next) -> Response {
    let expected = format!("Bearer {TOKEN}");
    if request.headers().get(AUTHORIZATION).is_some_and(|value| value.as_bytes() == expected.as_bytes()) {
        return next.run(request).await;
    }
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")]).into_response()
}

/// The tools, which are the same for both versions of rmcp.
macro_rules! tools {
    ($rmcp:ident) => {
        fn listed() -> $rmcp::model::ListToolsResult {
            let tool = |(name, schema): (&'static str, &str)| {
                let schema: serde_json::Map<String, serde_json::Value> = serde_json::from_str(schema).unwrap();
                $rmcp::model::Tool::new(name, name, schema)
            };
            $rmcp::model::ListToolsResult::with_all_items(crate::TOOLS.map(tool).into())
        }

        async fn called(
            request: $rmcp::model::CallToolRequestParams,
            context: $rmcp::service::RequestContext<$rmcp::RoleServer>,
        ) -> Result<String, $rmcp::ErrorData> {
            let argument = |name: &str| request.arguments.as_ref().and_then(|all| all.get(name)).cloned();
            match request.name.as_ref() {
                "echo" => Ok(argument("text").and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()),
                "cancelled" => Ok(crate::CANCELLED.load(crate::Ordering::SeqCst).to_string()),
                "slow" => {
                    let seconds = argument("seconds").and_then(|seconds| seconds.as_f64()).unwrap_or(0.0);
                    let step = std::time::Duration::from_secs_f64(seconds / f64::from(crate::STEPS));
                    for number in 1..=crate::STEPS {
                        tokio::select! {
                            () = context.ct.cancelled() => {
                                crate::CANCELLED.fetch_add(1, crate::Ordering::SeqCst);
                                return Err($rmcp::ErrorData::internal_error("cancelled", None));
                            }
                            () = tokio::time::sleep(step) => {}
                        }
                        if let Some(token) = context.meta.get_progress_token() {
                            let progress = $rmcp::model::ProgressNotificationParam::new(token, number.into());
                            let _ = context.peer.notify_progress(progress.with_total(crate::STEPS.into())).await;
                        }
                    }
                    Ok("done".to_owned())
                }
                other => Err($rmcp::ErrorData::invalid_params(format!("no such tool: {other}"), None)),
            }
        }
    };
}
pub(crate) use tools;
