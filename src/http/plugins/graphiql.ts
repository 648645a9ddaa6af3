import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { createGunzip } from 'node:zlib';
import type { GraphiQLOptions, Plugin } from 'graphql-yoga';
import { traceHeader } from '../../operation/usage.ts';
import { graphiqlHead } from './graphiql-head.ts';
import { graphiqlTabs } from './graphiql-tabs.ts';
import { pageHeaders } from './pages.ts';

/**
 * Serves GraphiQL to browsers. The page comes whole from this process, without a CDN. It is rendered at the first visit,
 * and all visitors are sent the same compressed buffer.
 * @param isSandbox whether to say that the data is made up
 */
export function useGraphiql(endpoint: string, isSandbox: boolean): Plugin {
  let rendered: Promise<GraphiqlPage> | undefined;

  function page(): Promise<GraphiqlPage> {
    rendered ??= renderGraphiqlPage(graphiqlOptions(isSandbox)).catch((error: unknown) => {
      rendered = undefined; // so that the next visit tries again
      throw error;
    });
    return rendered;
  }

  return {
    async onRequest({ request: { method, headers: sent }, url, endResponse, fetchAPI: { Response } }) {
      const isVisit = method === 'GET' && sent.get('accept')?.includes('text/html');
      if (!isVisit || url.pathname !== endpoint) return;
      const { gzip, scriptHashes, hash } = await page();
      const etag = `W/"${hash}"`;
      const headers = {
        ...pageHeaders({ scripts: scriptHashes.map((hash) => `'${hash}'`), ...policyOfEditor }),
        etag,
        'cache-control': 'no-cache', // cached, but revalidated at each visit
        vary: 'accept, accept-encoding',
      };
      if (sent.get('if-none-match')?.includes(hash)) {
        endResponse(new Response(null, { status: 304, headers }));
      } else if (acceptsGzip(sent.get('accept-encoding'))) {
        const compressed = { 'content-encoding': 'gzip', 'content-length': `${gzip.byteLength}` };
        endResponse(new Response(gzip, { headers: { ...headers, ...compressed } }));
      } else {
        const unpacked = createGunzip();
        unpacked.end(gzip);
        // Yoga's own Response takes a stream of Node, whose type the standard does not have.
        endResponse(new Response(unpacked as unknown as BodyInit, { headers }));
      }
    },
  };
}

// Monaco adds styles to the page and runs its language services in workers made of blobs.
const policyOfEditor = { styles: ["'unsafe-inline'"], workers: ['blob:'], connects: ["'self'"] };

const isGzip = (coding: string) =>
  /^\s*(?:gzip|x-gzip|\*)\s*(?:;|$)/i.test(coding) && !/;\s*q=0(?:\.0*)?\s*$/i.test(coding);

const acceptsGzip = (acceptEncoding: string | null): boolean =>
  acceptEncoding?.split(',').some(isGzip) ?? false;

const graphiqlOptions = (isSandbox: boolean): GraphiQLOptions => ({
  additionalHeaders: { [traceHeader]: '1' },
  title: isSandbox ? 'Spotify GraphQL gateway (sandbox)' : 'Spotify GraphQL gateway',
  defaultTabs: graphiqlTabs(isSandbox),
});

/** The page of GraphiQL as it is sent: compressed, with the data for its headers. */
interface GraphiqlPage {
  gzip: Uint8Array<ArrayBuffer>;
  /** Hashes of its inline scripts, as a Content-Security-Policy names them. */
  scriptHashes: readonly string[];
  /** Hash of the whole page. */
  hash: string;
}

// The renderer with its 9 MB of scripts takes 110 MB while it works, which a thread gives back at its end. The thread
// runs this text, because a file of its own would have another name in `src` than in `dist`.
const renderAndCompress = `
  const { createHash } = require('node:crypto');
  const { parentPort, workerData } = require('node:worker_threads');
  const { gzipSync } = require('node:zlib');
  const { renderer, options, head } = workerData;
  const page = require(renderer).renderGraphiQL(options).replace('</title>', (title) => title + head);
  const sha256 = (text) => createHash('sha256').update(text).digest('base64');
  const scripts = Array.from(page.matchAll(/<script>(.*?)<\\/script>/gs), ([, script]) => script);
  const gzip = new Uint8Array(gzipSync(page));
  const scriptHashes = scripts.map((script) => 'sha256-' + sha256(script));
  parentPort.postMessage({ gzip, scriptHashes, hash: sha256(page) }, [gzip.buffer]);`;

/**
 * Renders the page in a thread of its own, in about a second.
 * @param options those of `renderGraphiQL`
 * @throws Error if the renderer fails
 */
function renderGraphiqlPage(options: object): Promise<GraphiqlPage> {
  const renderer = createRequire(import.meta.url).resolve('@graphql-yoga/render-graphiql');
  const worker = new Worker(renderAndCompress, {
    eval: true,
    execArgv: [],
    workerData: { renderer, options, head: graphiqlHead },
  });
  return new Promise((resolve, reject) => {
    worker.once('message', (page: GraphiqlPage) => resolve(page));
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the renderer of GraphiQL ended with code ${code}`)));
  });
}
