import { createGunzip } from 'node:zlib';
import type { GraphiQLOptions, Plugin } from 'graphql-yoga';
import { acceptsGzip, prefersHtml } from '../../media-types.ts';
import { logo, logoUrl, pageHeaders } from '../page.ts';
import { graphiqlHead, type HeadOptions } from './head.ts';
import { type GraphiqlPage, renderGraphiqlPage } from './rendered-page.ts';
import { type ExampleOptions, graphiqlTabs } from './tabs.ts';

/**
 * Serves GraphiQL to browsers. The page comes whole from this process, without a CDN. It is rendered at the first visit,
 * and all visitors are sent the same compressed buffer.
 */
export function useGraphiql(endpoint: string, examples: ExampleOptions & HeadOptions): Plugin {
  let rendered: Promise<GraphiqlPage> | undefined;

  function page(): Promise<GraphiqlPage> {
    rendered ??= renderGraphiqlPage(graphiqlOptions(examples), graphiqlHead(examples)).catch(
      (error: unknown) => {
        rendered = undefined; // so that the next visit tries again
        throw error;
      },
    );
    return rendered;
  }

  return {
    async onRequest({ request: { method, headers: sent }, url, endResponse, fetchAPI: { Response } }) {
      const isVisit = method === 'GET' && prefersHtml(sent.get('accept'));
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

const graphiqlOptions = (examples: ExampleOptions): GraphiQLOptions => ({
  title: examples.isSandbox ? 'Spotify GraphQL gateway (sandbox)' : 'Spotify GraphQL gateway',
  logo,
  favicon: logoUrl,
  defaultTabs: graphiqlTabs(examples),
});
