import { printSchemaWithDirectives } from '@graphql-tools/utils';
import type { GraphQLSchema } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Serves the schema as SDL at a path of its own. */
export function useSdl(path: string, schema: GraphQLSchema): Plugin {
  let sdl: string | undefined;
  return {
    onRequest({ request: { method }, url, endResponse, fetchAPI: { Response } }) {
      if (url.pathname !== path) return;
      if (method !== 'GET' && method !== 'HEAD') return endResponse(new Response(null, { status: 404 }));
      sdl ??= printSchemaWithDirectives(schema);
      endResponse(new Response(sdl, { headers: { 'content-type': 'text/plain; charset=utf-8' } }));
    },
  };
}
