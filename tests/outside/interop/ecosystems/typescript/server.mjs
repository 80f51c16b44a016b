// A server of the TypeScript SDK v2: 2026-07-28 as its own handler serves it, and sessions of older revisions.
//
// usage: node server.mjs DIRECTORY [PORT]
//
// DIRECTORY holds node_modules. Prints a line of JSON when it is ready, and ends with standard input.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { argv, exit, stdin, stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const [directory, port = '0'] = argv.slice(2);
const require = createRequire(join(resolve(directory), 'package.json'));
const { McpServer, createMcpHandler } = require('@modelcontextprotocol/server');
const { NodeStreamableHTTPServerTransport, toNodeHandler } = require('@modelcontextprotocol/node');
const { z } = require('zod');

const token = 'interop-token';
const steps = 10;
const text = (text) => ({ content: [{ type: 'text', text }] });
let cancelled = 0;

function build() {
  const server = new McpServer({ name: 'typescript-sdk', version: '2' }, { capabilities: { tools: { listChanged: true } } });
  server.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, async ({ text: said }) => text(said));
  server.registerTool('slow', { inputSchema: z.object({ seconds: z.number() }) }, async ({ seconds }, { mcpReq }) => {
    for (let i = 1; i <= steps; i++) {
      try {
        await sleep((seconds * 1000) / steps, undefined, { signal: mcpReq.signal });
      } catch (error) {
        cancelled++;
        throw error;
      }
      const progressToken = mcpReq._meta?.progressToken;
      if (progressToken !== undefined) {
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: i, total: steps } });
      }
    }
    return text('done');
  });
  server.registerTool('cancelled', {}, async () => text(String(cancelled)));
  server.registerTool('change', {}, async () => {
    modern.notify.toolsChanged();
    for (const session of sessions.values()) session.server.sendToolListChanged();
    return text('changed');
  });
  return server;
}

const modern = createMcpHandler(build, { legacy: 'reject' });
const serveModern = toNodeHandler(modern);
const sessions = new Map();

async function serveLegacy(request, response) {
  const known = sessions.get(request.headers['mcp-session-id']);
  if (known) return known.transport.handleRequest(request, response);
  if (request.headers['mcp-session-id']) return response.writeHead(404).end();
  const server = build();
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => sessions.set(id, { server, transport }),
    onsessionclosed: (id) => sessions.delete(id),
  });
  await server.connect(transport);
  return transport.handleRequest(request, response);
}

const http = createServer(async (request, response) => {
  if (request.headers.authorization !== `Bearer ${token}`) {
    return response.writeHead(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }).end();
  }
  const serve = request.headers['mcp-protocol-version'] === '2026-07-28' ? serveModern : serveLegacy;
  return serve(request, response);
});
http.listen(Number(port), '127.0.0.1', () => {
  const url = `http://127.0.0.1:${http.address().port}/mcp`;
  stdout.write(`${JSON.stringify({ url, tokens: { good: token } })}\n`);
});
stdin.on('end', () => exit(0));
stdin.resume();
