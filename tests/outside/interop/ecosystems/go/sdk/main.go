// A server of the official Go SDK.
package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"interop/common"
)

type none struct{}

type echo struct {
	Text string `json:"text"`
}

type slow struct {
	Seconds float64 `json:"seconds"`
}

func text(text string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}
}

func main() {
	server := mcp.NewServer(&mcp.Implementation{Name: "go-sdk", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "echo"}, func(_ context.Context, _ *mcp.CallToolRequest, in echo) (*mcp.CallToolResult, any, error) {
		return text(in.Text), nil, nil
	})
	mcp.AddTool(server, &mcp.Tool{Name: "slow"}, func(ctx context.Context, request *mcp.CallToolRequest, in slow) (*mcp.CallToolResult, any, error) {
		step := time.Duration(in.Seconds / common.Steps * float64(time.Second))
		for i := 1; i <= common.Steps; i++ {
			select {
			case <-ctx.Done():
				common.Cancelled.Add(1)
				return nil, nil, ctx.Err()
			case <-time.After(step):
			}
			if token := request.Params.GetProgressToken(); token != nil {
				request.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{ProgressToken: token, Progress: float64(i), Total: common.Steps})
			}
		}
		return text("done"), nil, nil
	})
	mcp.AddTool(server, &mcp.Tool{Name: "cancelled"}, func(context.Context, *mcp.CallToolRequest, none) (*mcp.CallToolResult, any, error) {
		return text(fmt.Sprint(common.Cancelled.Load())), nil, nil
	})
	mcp.AddTool(server, &mcp.Tool{Name: "change"}, func(context.Context, *mcp.CallToolRequest, none) (*mcp.CallToolResult, any, error) {
		mcp.AddTool(server, &mcp.Tool{Name: "added"}, func(context.Context, *mcp.CallToolRequest, none) (*mcp.CallToolResult, any, error) {
			return text("added"), nil, nil
		})
		return text("changed"), nil, nil
	})
	common.Serve(mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, nil))
}
