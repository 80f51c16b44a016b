import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ProgressNotification;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;

/**
 * A server of the Java SDK, in Tomcat. Usage: Server [PORT]. Prints a line of JSON when it is ready, and ends with
 * standard input. A tool is not told that its call was cancelled: the SDK does not say so.
 */
public final class Server {
    private static final String TOKEN = "interop-token";
    private static final int STEPS = 10;

    public static void main(String[] arguments) throws Exception {
        Logger.getLogger("").setLevel(Level.WARNING);
        var transport = HttpServletStreamableServerTransportProvider.builder()
                .jsonMapper(McpJsonDefaults.getMapper()).mcpEndpoint("/mcp").build();
        McpSyncServer server = McpServer.sync(transport).serverInfo("java-sdk", "1")
                .capabilities(ServerCapabilities.builder().tools(true).build()).build();
        server.addTool(tool("echo", Map.of("text", Map.of("type", "string")),
                (exchange, request) -> text((String) request.arguments().get("text"))));
        server.addTool(tool("slow", Map.of("seconds", Map.of("type", "number")), Server::slow));
        server.addTool(tool("cancelled", Map.of(), (exchange, request) -> text("-1")));
        server.addTool(tool("change", Map.of(), (exchange, request) -> {
            server.notifyToolsListChanged();
            return text("changed");
        }));

        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(Files.createTempDirectory("tomcat").toString());
        tomcat.setHostname("127.0.0.1");
        tomcat.setPort(arguments.length > 0 ? Integer.parseInt(arguments[0]) : 0);
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        Context context = tomcat.addContext("", null);
        Tomcat.addServlet(context, "mcp", transport).setAsyncSupported(true);
        context.addServletMappingDecoded("/*", "mcp");
        authorize(context);
        tomcat.start();
        System.out.printf("{\"url\": \"http://127.0.0.1:%d/mcp\", \"tokens\": {\"good\": \"%s\"}}%n",
                tomcat.getConnector().getLocalPort(), TOKEN);
        System.out.flush();
        while (System.in.read() >= 0) {
            // Until its end.
        }
        System.exit(0);
    }

    private static SyncToolSpecification tool(String name, Map<String, Object> properties,
            BiFunction<McpSyncServerExchange, CallToolRequest, CallToolResult> handler) {
        Map<String, Object> schema = Map.of("type", "object", "properties", properties);
        Tool tool = Tool.builder().name(name).description(name).inputSchema(schema).build();
        return SyncToolSpecification.builder().tool(tool).callHandler(handler).build();
    }

    private static CallToolResult text(String text) {
        return CallToolResult.builder().addTextContent(text).build();
    }

    private static CallToolResult slow(McpSyncServerExchange exchange, CallToolRequest request) {
        double seconds = ((Number) request.arguments().get("seconds")).doubleValue();
        Object token = request.meta() == null ? null : request.meta().get("progressToken");
        for (int i = 1; i <= STEPS; i++) {
            try {
                Thread.sleep((long) (seconds * 1000 / STEPS));
            } catch (InterruptedException error) {
                throw new IllegalStateException(error);
            }
            if (token != null) {
                exchange.progressNotification(new ProgressNotification(token, i, (double) STEPS, null));
            }
        }
        return text("done");
    }

    private static void authorize(Context context) {
        FilterDef definition = new FilterDef();
        definition.setFilterName("authorize");
        definition.setAsyncSupported("true");
        definition.setFilter(new Filter() {
            @Override
            public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
                    throws IOException, ServletException {
                if (("Bearer " + TOKEN).equals(((HttpServletRequest) request).getHeader("Authorization"))) {
                    chain.doFilter(request, response);
                } else {
                    ((HttpServletResponse) response).setHeader("WWW-Authenticate", "Bearer error=\"invalid_token\"");
                    ((HttpServletResponse) response).setStatus(401);
                }
            }
        });
        context.addFilterDef(definition);
        FilterMap mapping = new FilterMap();
        mapping.setFilterName("authorize");
        mapping.addURLPattern("/*");
        context.addFilterMap(mapping);
    }
}
