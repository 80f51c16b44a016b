// A server of mcp-go.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"interop/common"
)

func main() {
	mcpServer := server.NewMCPServer("mcp-go", "1", server.WithToolCapabilities(true))
	mcpServer.AddTool(mcp.NewTool("echo", mcp.WithString("text")), func(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText(request.GetString("text", "")), nil
	})
	mcpServer.AddTool(mcp.NewTool("slow", mcp.WithNumber("seconds")), func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		step := time.Duration(request.GetFloat("seconds", 0) / common.Steps * float64(time.Second))
		for i := 1; i <= common.Steps; i++ {
			select {
			case <-ctx.Done():
				common.Cancelled.Add(1)
				return nil, ctx.Err()
			case <-time.After(step):
			}
			if meta := request.Params.Meta; meta != nil && meta.ProgressToken != nil {
				mcpServer.SendNotificationToClient(ctx, "notifications/progress", map[string]any{
					"progressToken": meta.ProgressToken, "progress": i, "total": common.Steps,
				})
			}
		}
		return mcp.NewToolResultText("done"), nil
	})
	mcpServer.AddTool(mcp.NewTool("cancelled"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText(fmt.Sprint(common.Cancelled.Load())), nil
	})
	mcpServer.AddTool(mcp.NewTool("change"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		mcpServer.AddTool(mcp.NewTool("added"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultText("added"), nil
		})
		return mcp.NewToolResultText("changed"), nil
	})
	common.Serve(server.NewStreamableHTTPServer(mcpServer))
}
