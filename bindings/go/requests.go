package mcpclient

// #include <mcpclient.h>
import "C"

import "context"

// Request sends a request and returns its result. The parameters are something that encodes to a JSON object, such as
// a map, a struct or a json.RawMessage; nil: none.
func (c *Client) Request(ctx context.Context, method string, params any) (*Value, error) {
	return c.valueCall(ctx,
		func(h *C.mcpclient, a texts, v **C.mcpclient_value, e **C.mcpclient_error) C.mcpclient_status {
			return C.mcpclient_request(h, a[0], a[1], v, e)
		}, required(method), encoded(params))
}

// Notify sends a notification, which has no result. The parameters are as for Request.
func (c *Client) Notify(ctx context.Context, method string, params any) error {
	return c.plainCall(ctx, func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_notify(h, a[0], a[1], e)
	}, required(method), encoded(params))
}

// SetServerLogLevel sets from which level on the server sends log messages, the notification "notifications/message".
func (c *Client) SetServerLogLevel(ctx context.Context, level string) error {
	return c.plainCall(ctx, func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_set_server_log_level(h, a[0], e)
	}, required(level))
}

// ServerInfo returns what the server says about itself: "name", "version", "protocolVersion", "capabilities",
// "instructions" and "serverInfo", as far as it says them.
func (c *Client) ServerInfo(ctx context.Context) (*Value, error) {
	return c.valueCall(ctx,
		func(h *C.mcpclient, _ texts, v **C.mcpclient_value, e **C.mcpclient_error) C.mcpclient_status {
			return C.mcpclient_server_info(h, v, e)
		})
}

// ListTools returns the array of the server's tools, each with "name", "description" and "inputSchema".
func (c *Client) ListTools(ctx context.Context) (*Value, error) {
	return c.valueCall(ctx,
		func(h *C.mcpclient, _ texts, v **C.mcpclient_value, e **C.mcpclient_error) C.mcpclient_status {
			return C.mcpclient_list_tools(h, v, e)
		})
}

// CallTool calls a tool with something that encodes to a JSON object; nil: no arguments. A tool that fails says so in
// its result, by "isError": that is no error here.
func (c *Client) CallTool(ctx context.Context, name string, arguments any) (*Value, error) {
	return c.valueCall(ctx,
		func(h *C.mcpclient, a texts, v **C.mcpclient_value, e **C.mcpclient_error) C.mcpclient_status {
			return C.mcpclient_call_tool(h, a[0], a[1], v, e)
		}, required(name), encoded(arguments))
}

// ListResources returns the array of the server's resources, each with "uri" and "name".
func (c *Client) ListResources(ctx context.Context) (*Value, error) {
	return c.valueCall(ctx,
		func(h *C.mcpclient, _ texts, v **C.mcpclient_value, e **C.mcpclient_error) C.mcpclient_status {
			return C.mcpclient_list_resources(h, v, e)
		})
}

// ListResourceTemplates returns the array of the server's resource templates, each with "uriTemplate" and "name".
func (c *Client) ListResourceTemplates(ctx context.Context) (*Value, error) {
	return c.valueCall(ctx,
		func(h *C.mcpclient, _ texts, v **C.mcpclient_value, e **C.mcpclient_error) C.mcpclient_status {
			return C.mcpclient_list_resource_templates(h, v, e)
		})
}

// ReadResource returns a resource, with the array "contents".
func (c *Client) ReadResource(ctx context.Context, uri string) (*Value, error) {
	return c.valueCall(ctx,
		func(h *C.mcpclient, a texts, v **C.mcpclient_value, e **C.mcpclient_error) C.mcpclient_status {
			return C.mcpclient_read_resource(h, a[0], v, e)
		}, required(uri))
}

// ListPrompts returns the array of the server's prompts, each with "name".
func (c *Client) ListPrompts(ctx context.Context) (*Value, error) {
	return c.valueCall(ctx,
		func(h *C.mcpclient, _ texts, v **C.mcpclient_value, e **C.mcpclient_error) C.mcpclient_status {
			return C.mcpclient_list_prompts(h, v, e)
		})
}

// GetPrompt returns a prompt, filled in, with the array "messages".
func (c *Client) GetPrompt(ctx context.Context, name string, arguments map[string]string) (*Value, error) {
	var object any // a nil map is no arguments, not null
	if arguments != nil {
		object = arguments
	}
	return c.valueCall(ctx,
		func(h *C.mcpclient, a texts, v **C.mcpclient_value, e **C.mcpclient_error) C.mcpclient_status {
			return C.mcpclient_get_prompt(h, a[0], a[1], v, e)
		}, required(name), encoded(object))
}

// Complete asks how an argument can go on that begins with a value, with "completion/values" in the result. The
// reference encodes to a JSON object such as {"type":"ref/prompt","name":"greet"}.
func (c *Client) Complete(ctx context.Context, reference any, argument, value string) (*Value, error) {
	return c.valueCall(ctx,
		func(h *C.mcpclient, a texts, v **C.mcpclient_value, e **C.mcpclient_error) C.mcpclient_status {
			return C.mcpclient_complete(h, a[0], a[1], a[2], v, e)
		}, encoded(reference), required(argument), required(value))
}

// Listen opens a stream on which the server sends notifications outside of calls, until StopListening, Disconnect or
// Close. The filter encodes to a JSON object such as {"toolsListChanged":true}; nil: none. The context is that of the
// opening alone.
func (c *Client) Listen(ctx context.Context, filter any) error {
	return c.plainCall(ctx, func(h *C.mcpclient, a texts, e **C.mcpclient_error) C.mcpclient_status {
		return C.mcpclient_listen(h, a[0], e)
	}, encoded(filter))
}

// StopListening closes the stream of Listen.
func (c *Client) StopListening() {
	_ = c.use(func(handle *C.mcpclient) error {
		C.mcpclient_stop_listening(handle)
		return nil
	})
}
