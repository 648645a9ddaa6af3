import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/** The page of GraphiQL as it is sent: compressed, with the data for its headers. */
export interface GraphiqlPage {
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
  const page = require(workerData.renderer).renderGraphiQL(workerData.options);
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
export function renderGraphiqlPage(options: object): Promise<GraphiqlPage> {
  const renderer = createRequire(import.meta.url).resolve('@graphql-yoga/render-graphiql');
  const worker = new Worker(renderAndCompress, {
    eval: true,
    execArgv: [],
    workerData: { renderer, options },
  });
  return new Promise((resolve, reject) => {
    worker.once('message', (page: GraphiqlPage) => resolve(page));
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the renderer of GraphiQL ended with code ${code}`)));
  });
}
