// Runs @modelcontextprotocol/server-everything for interoperability tests.
//
// usage: node everything.mjs DIRECTORY {http,sse} [PORT]
//
// DIRECTORY holds node_modules. When the server accepts connections, one line of JSON with its `url` is printed. It
// ends when its standard input closes, and on SIGTERM.

import { Server } from 'node:http';
import { join, resolve } from 'node:path';
import { argv, exit, stdin, stdout } from 'node:process';
import { pathToFileURL } from 'node:url';

const modes = {
  http: { module: 'streamableHttp.js', path: '/mcp' },
  sse: { module: 'sse.js', path: '/sse' },
};
const [directory, transport, port = '0'] = argv.slice(2);
const mode = modes[transport];
if (!mode) {
  console.error('usage: node everything.mjs DIRECTORY {http,sse} [PORT]');
  exit(2);
}

// Standard output is for the one line of JSON; the server logs there too.
console.log = console.error;

// The server listens on every interface and on a port fixed in advance; a test wants loopback and any free one.
const listen = Server.prototype.listen;
Server.prototype.listen = function (_port, ...rest) {
  this.once('listening', () => {
    stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${this.address().port}${mode.path}` })}\n`);
  });
  return listen.call(this, Number(port), '127.0.0.1', ...rest);
};

stdin.on('end', () => exit(0));
stdin.on('error', () => exit(0));
stdin.resume();

const dist = join(resolve(directory), 'node_modules/@modelcontextprotocol/server-everything/dist');
await import(pathToFileURL(join(dist, 'transports', mode.module)));
