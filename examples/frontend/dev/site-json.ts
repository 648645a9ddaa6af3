import type { Connect, Plugin } from 'vite';
import type { Site } from '../src/site.ts';

/** Serves these settings in place of public/site.json. */
export function siteJson(site: Site): Plugin {
  const serve: Connect.SimpleHandleFunction = (_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(site));
  };
  return {
    name: 'site-json',
    configureServer: ({ middlewares }) => void middlewares.use('/site.json', serve),
    configurePreviewServer: ({ middlewares }) => void middlewares.use('/site.json', serve),
  };
}
