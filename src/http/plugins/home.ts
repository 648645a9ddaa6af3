import type { Plugin } from 'graphql-yoga';
import { pageHeaders } from './page-headers.ts';

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
    onRequest({ request: { method }, url, endResponse, fetchAPI: { Response } }) {
      if (url.pathname !== '/') return;
      const isRead = method === 'GET' || method === 'HEAD';
      endResponse(
        isRead ? new Response(page, { headers: pageHeaders() }) : new Response(null, { status: 404 }),
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
