//! rmcp 1.8: revisions up to 2025-11-25, with sessions.

use older::model::{CallToolRequestParams, CallToolResult, Content, ListToolsResult, PaginatedRequestParams};
use older::model::{ServerCapabilities, ServerInfo};
use older::service::RequestContext;
use older::transport::streamable_http_server::session::local::LocalSessionManager;
use older::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use older::{ErrorData, RoleServer, ServerHandler};

pub struct Server;

pub fn service() -> StreamableHttpService<Server, LocalSessionManager> {
    StreamableHttpService::new(|| Ok(Server), Default::default(), StreamableHttpServerConfig::default())
}

crate::tools!(older);

impl ServerHandler for Server {
    fn get_info(&self) -> ServerInfo {
        ServerInfo::new(ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build())
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
    ) -> Result<CallToolResult, ErrorData> {
        let text = match request.name.as_ref() {
            "change" => {
                let _ = context.peer.notify_tool_list_changed().await;
                "changed".to_owned()
            }
            _ => called(request, context).await?,
        };
        Ok(CallToolResult::success(vec![Content::text(text)]))
    }
}
