import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { type RunningGateway, startGateway } from './dev/gateway.ts';
import { siteJson } from './dev/site-json.ts';

// A visitor of a deployed page sees neither: the file public/site.json says so.
const site = { madeUpMusic: false, showCost: true };

export default defineConfig({
  plugins: [react(), withGateway(), siteJson(site)],
  server: { port: 5173, host: '127.0.0.1' },
  preview: { port: 4173, host: '127.0.0.1' },
});

/** Runs the gateway beside Vite's server, and lets the page find it under the page's own origin. */
function withGateway(): Plugin {
  let gateway: RunningGateway | undefined;
  const say = (line: string) => void process.stdout.write(`${line}\n`);

  return {
    name: 'with-gateway',
    async config(_, { command, isPreview }) {
      if (command !== 'serve') return undefined;
      gateway = await startGateway(isPreview ? production : {}, say);
      site.madeUpMusic = gateway.hasSandbox;
      // What ends this process by a signal would leave the gateway behind: only an exit takes it along.
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
        process.once(signal, () => process.exit());
      const proxy = { '/graphql': gateway.origin };
      return { server: { proxy }, preview: { proxy } };
    },
    async buildEnd() {
      await gateway?.stop();
    },
  };
}

/** As on the internet: the gateway executes the documents of this page, and no others. */
const production = {
  NODE_ENV: 'production',
  TRUSTED_DOCUMENTS: fileURLToPath(new URL('src/generated/persisted-documents.json', import.meta.url)),
};
