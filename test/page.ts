import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, normalize, sep } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Where Chromium is, if anywhere: `CHROMIUM=/path` names one. */
export const CHROMIUM = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);

/** Nothing but the page may use the network; WebGL is drawn by the processor. */
const FLAGS = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @throws Error where there is no Chromium */
export function launchChromium(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('no Chromium is found: CHROMIUM=/path names one');
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/**
 * A server of files as they lie on disk, which knows nothing of modules.
 * @param root the folder it serves
 * @param mounts other folders, by the first segment of the path
 */
export async function serveFolder(root: string, mounts: Readonly<Record<string, string>> = {}): Promise<StaticServer> {
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const [, first = '', ...rest] = path.split('/');
    const mount = Object.hasOwn(mounts, first) ? mounts[first] : undefined;
    const file = normalize(mount === undefined ? `${root}${path}` : [mount, ...rest].join('/')).replaceAll('/', sep);
    const type = TYPES[extname(file)] ?? (extname(file) === '' ? undefined : 'application/octet-stream');
    if (type === undefined || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': type }).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export interface StaticServer {
  readonly origin: string;
  close(): Promise<void>;
}
