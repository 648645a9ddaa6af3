import type { Plugin } from 'graphql-yoga';
import { isRead } from './routes.ts';

export interface HomeOptions {
  endpoint: string;
  /** Whether the endpoint shows GraphiQL to browsers. */
  graphiql: boolean;
  /** Path of the schema as SDL; null if it is not served. */
  sdlPath: string | null;
  isSandbox: boolean;
}

/** Describes the gateway to people who open its address in a browser. */
export function useHome(options: HomeOptions): Plugin {
  const page = pageOf(options);
  return {
    onRequest({ request, url, endResponse, fetchAPI: { Response } }) {
      if (url.pathname !== '/') return;
      endResponse(
        isRead(request)
          ? new Response(page, { headers: pageHeaders() })
          : new Response(null, { status: 404 }),
      );
    },
  };
}

function pageOf({ endpoint, graphiql, sdlPath, isSandbox }: HomeOptions): string {
  const links = [
    graphiql
      ? `<a href="${endpoint}">GraphiQL</a>, with example queries; clients send POST requests to the same address`
      : `<a href="${endpoint}">The GraphQL endpoint</a>, for POST requests`,
    sdlPath && `<a href="${sdlPath}">The schema</a>, as SDL`,
    '<a href="/health">Health</a> and <a href="/ready">readiness</a> of this process',
    'The docs are in the folder <code>docs</code> of the project; start with its <code>README.md</code>',
  ];
  const source = isSandbox
    ? 'It serves made-up data from an embedded sandbox, because no Spotify credentials are set.'
    : 'It serves the catalogue of Spotify.';
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Spotify GraphQL gateway</title></head>
<body>
<h1>Spotify GraphQL gateway</h1>
<p>A GraphQL API over Spotify's Web API. ${source}</p>
<ul>
${links
  .filter((link) => link !== null)
  .map((link) => `<li>${link}.</li>`)
  .join('\n')}
</ul>
</body>
</html>
`;
}

/** What a page may load, in the words of a Content-Security-Policy; everything else is forbidden. */
export interface PagePolicy {
  scripts?: readonly string[];
  styles?: readonly string[];
  workers?: readonly string[];
  connects?: readonly string[];
}

/** Headers of a page for browsers: no other site may frame it, and it loads nothing from another host. */
export function pageHeaders({ scripts, styles, workers, connects }: PagePolicy = {}): Record<string, string> {
  const sources = (names: readonly string[] = ["'none'"]) => names.join(' ');
  const policy = [
    "default-src 'none'",
    `script-src ${sources(scripts)}`,
    `style-src ${sources(styles)}`,
    `worker-src ${sources(workers)}`,
    `connect-src ${sources(connects)}`,
    "img-src 'self' data:",
    "font-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
}
