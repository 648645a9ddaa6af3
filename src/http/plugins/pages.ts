import type { Plugin } from 'graphql-yoga';
import type { SpotifyReport } from '../../datasources/spotify/index.ts';
import { prefersHtml } from '../media-types.ts';
import type { Readiness } from '../operator-routes.ts';
import type { Docs } from './docs.ts';
import { htmlPage, pageHeaders } from './page.ts';

/** Pages for people who open an address of the gateway in a browser. */

const title = 'Spotify GraphQL gateway';

export interface HomeOptions {
  endpoint: string;
  /** The start of the paths of the other routes. */
  base: string;
  /** Whether the endpoint shows GraphiQL to browsers. */
  graphiql: boolean;
  /** Path of the schema as SDL; null if it is not served. */
  sdlPath: string | null;
  isSandbox: boolean;
  docs: Docs;
  readiness: Readiness;
  /** Whether the page may show which quotas are used up. */
  exposeQuota: boolean;
  spotify: { report(): Pick<SpotifyReport, 'quota'> };
}

/** Describes the gateway at `/`, or at `/api/` if the endpoint is `/api/graphql`. */
export function useHome(options: HomeOptions): Plugin {
  const path = `${options.base}/`;
  const home = homeOf(options);
  return {
    async onRequest({ url, endResponse, fetchAPI: { Response } }) {
      if (url.pathname !== path) return;
      const { status, text } = await options.readiness();
      const alert =
        status === 200 ? '' : `<p role="alert">It cannot serve requests at present: ${text}.</p>\n`;
      const quotaAlerts = options.exposeQuota ? usedUpQuotas(options.spotify.report().quota) : '';
      endResponse(new Response(htmlPage(title, alert + quotaAlerts + home), { headers: pageHeaders() }));
    },
  };
}

const minuteMs = 60_000;

/** One paragraph for each family of which no call can be sent until calls of the last 24 h expire. */
function usedUpQuotas(quota: SpotifyReport['quota']): string {
  return quota
    .filter(({ isUsedUp, backOffReason }) => isUsedUp || backOffReason === 'quota')
    .map(({ family, resetAtMs, backOffUntilMs }) => {
      const nextCallAtMs = Math.max(resetAtMs ?? 0, backOffUntilMs ?? 0);
      return `<p role="alert">The daily quota of <code>${family}</code> is used up: the next call is possible on ${minuteText(nextCallAtMs)}. Cached data is still served.</p>\n`;
    })
    .join('');
}

/** The next full minute, such as `2026-11-29 at 12:51 UTC`. Fractions of a millisecond do not count: clocks have them. */
const minuteText = (ms: number): string =>
  `${new Date(Math.ceil(Math.floor(ms) / minuteMs) * minuteMs).toISOString().slice(0, 16).replace('T', ' at ')} UTC`;

/** The pages of the docs that a newcomer needs, with their subjects. */
const firstDocs = [
  ['README.md', 'README'],
  ['docs/README.md', 'all pages'],
  ['docs/errors.md', 'errors and nulls'],
  ['docs/limits.md', 'limits of an operation'],
  ['docs/quota.md', "Spotify's daily quota"],
  ['docs/operating.md', 'running it in production'],
] as const;

function homeOf({ endpoint, base, graphiql, sdlPath, isSandbox, docs }: HomeOptions): string {
  const docsLinks = firstDocs
    .map(([name, subject]) => [`${base}/${name}`, subject] as const)
    .filter(([path]) => docs.has(path))
    .map(([path, subject]) => `<a href="${path}">${subject}</a>`);
  const links = [
    graphiql
      ? `<a href="${endpoint}">GraphiQL</a>, with example queries; clients send POST requests to the same address`
      : `<a href="${endpoint}">The GraphQL endpoint</a>, for POST requests`,
    sdlPath && `<a href="${sdlPath}">The schema</a>, as SDL`,
    docsLinks.length > 0
      ? `The docs: ${docsLinks.join(', ')}`
      : 'The docs are in the folder <code>docs</code> of the project; start with its <code>README.md</code>',
    `<a href="${base}/health">Health</a> and <a href="${base}/ready">readiness</a> of this process`,
  ];
  const source = isSandbox
    ? 'It serves made-up data from an embedded sandbox, because no Spotify credentials are set.'
    : 'It serves the catalogue of Spotify.';
  return `<p>A GraphQL API over Spotify's Web API. ${source}</p>
<ul>
${links
  .filter((link) => link !== null)
  .map((link) => `<li>${link}.</li>`)
  .join('\n')}
</ul>`;
}

/** Tells people who open the endpoint in a browser that GraphiQL is off, and how to enable it. */
export function useGraphiqlHint(endpoint: string): Plugin {
  const page = htmlPage(
    title,
    `<p>GraphiQL is off here. It is off by default when <code>NODE_ENV=production</code>; the operator of this gateway can
enable it with <code>GRAPHIQL=true</code> and <code>INTROSPECTION=true</code>.</p>
<p>Clients send POST requests with JSON to this address.</p>`,
  );
  return {
    onRequest({ request: { method, headers }, url, endResponse, fetchAPI: { Response } }) {
      const isVisit = method === 'GET' && url.search === '' && prefersHtml(headers.get('accept'));
      if (isVisit && url.pathname === endpoint) {
        endResponse(new Response(page, { status: 404, headers: pageHeaders() }));
      }
    },
  };
}
