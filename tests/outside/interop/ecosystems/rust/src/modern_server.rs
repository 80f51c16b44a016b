//! rmcp 3.11: 2026-07-28, and older revisions with sessions.

use modern::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult};
use modern::model::{PaginatedRequestParams, ServerCapabilities, ServerConfig, SubscriptionFilter};
use modern::service::{RequestContext, SubscriptionContext};
use modern::transport::streamable_http_server::session::local::LocalSessionManager;
use modern::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use modern::{ErrorData, RoleServer, ServerHandler};
use tokio::sync::watch;

#[derive(Clone)]
pub struct Server {
    changes: watch::Sender<()>,
}

pub fn service() -> StreamableHttpService<Server, LocalSessionManager> {
    let server = Server { changes: watch::channel(()).0 };
    StreamableHttpService::new(move || Ok(server.clone()), Default::default(), StreamableHttpServerConfig::default())
}

crate::tools!(modern);

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.supported_by(&self.get_info().capabilities))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.changes.subscribe();
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                _ = changes.changed() => drop(context.sink().notify_tool_list_changed().await),
            }
        }
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(listed())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let text = match request.name.as_ref() {
            "change" => {
                let _ = context.peer.notify_tool_list_changed().await; // of a session, in the older era
                self.changes.send_replace(());
                "changed".to_owned()
            }
            _ => called(request, context).await?,
        };
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }
}
