import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { GraphiQLOptions } from 'graphql-yoga';

/** The page of GraphiQL as it is sent: compressed, with the data for its headers. */
export interface GraphiqlPage {
  gzip: Uint8Array<ArrayBuffer>;
  /** Hashes of its inline scripts, as a Content-Security-Policy names them. */
  scriptHashes: readonly string[];
  /** Hash of the whole page. */
  hash: string;
}

// The renderer with its 9 MB of scripts takes 110 MB while it works, which a thread frees when it ends. The thread
// runs this text, because a file of its own would have another name in `src` than in `dist`.
// The renderer shows the explorer alone, in place of GraphiQL's own history, whose code the page has as well. Its options
// are JSON, so the fetcher and the storage, which the head defines, are written into the script.
const renderAndCompress = `
  const { createHash } = require('node:crypto');
  const { parentPort, workerData } = require('node:worker_threads');
  const { gzipSync } = require('node:zlib');
  const { renderer, options, head } = workerData;
  const rendered = require(renderer).renderGraphiQL(options);
  const history = /([\\w$]+)=\\{title:"History",icon:/.exec(rendered)?.[1];
  const page = rendered
    .replace('</title>', (title) => title + head)
    .replace(/plugins:\\[([\\w$]+)\\],(?=schemaDescription:)/, (plugins, explorer) =>
      history ? 'plugins:[' + history + ',' + explorer + '],' : plugins,
    )
    .replace(/querySelector\\('#root'\\),\\s*\\{/, (start) => start + '"fetcher":window.gatewayFetcher,"storage":window.gatewayStorage,');
  const sha256 = (text) => createHash('sha256').update(text).digest('base64');
  const scripts = Array.from(page.matchAll(/<script>(.*?)<\\/script>/gs), ([, script]) => script);
  const gzip = new Uint8Array(gzipSync(page));
  const scriptHashes = scripts.map((script) => 'sha256-' + sha256(script));
  parentPort.postMessage({ gzip, scriptHashes, hash: sha256(page) }, [gzip.buffer]);`;

/**
 * Renders the page in a thread of its own, in about a second.
 * @param head HTML that is added to the head of the page
 * @throws Error if the renderer fails
 */
export function renderGraphiqlPage(options: GraphiQLOptions, head: string): Promise<GraphiqlPage> {
  const renderer = createRequire(import.meta.url).resolve('@graphql-yoga/render-graphiql');
  const worker = new Worker(renderAndCompress, {
    eval: true,
    execArgv: [],
    workerData: { renderer, options, head },
  });
  return new Promise((resolve, reject) => {
    worker.once('message', (page: GraphiqlPage) => resolve(page));
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the renderer of GraphiQL ended with code ${code}`)));
  });
}
