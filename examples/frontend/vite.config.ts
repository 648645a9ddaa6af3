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

/** Runs the gateway beside Vite's server, which forwards requests of the page to it. */
function withGateway(): Plugin {
  let gateway: RunningGateway | undefined;
  const say = (line: string) => void process.stdout.write(`${line}\n`);

  return {
    name: 'with-gateway',
    async config(_, { command, isPreview }) {
      if (command !== 'serve') return undefined;
      gateway = await startGateway(isPreview ? production : {}, say);
      site.madeUpMusic = gateway.hasSandbox;
      // A signal would end only this process and not the gateway, so the handler exits, which ends both.
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

/** As in production: the gateway executes only the documents of this page. */
const production = {
  NODE_ENV: 'production',
  TRUSTED_DOCUMENTS: fileURLToPath(new URL('src/generated/persisted-documents.json', import.meta.url)),
};
