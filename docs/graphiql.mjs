// Writes docs/graphiql.png, the picture of the README: GraphiQL with an artist and its albums, and the cost of the query
// in Spotify calls. Start it with `npx tsx docs/graphiql.mjs [path of Chromium]`. It starts the gateway with the embedded
// sandbox in this process.
import { chromium } from 'playwright-core';

const port = 4568;
Object.assign(process.env, {
  PORT: String(port),
  LOG_LEVEL: 'silent',
  SPOTIFY_CLIENT_ID: '',
  SPOTIFY_CLIENT_SECRET: '',
});
await import('../src/server.ts');

const query = `{
  artist(id: "3Nrfpe0tUJi4K4DXYWgMUX") {
    name
    albums(first: 3) {
      totalCount
      nodes {
        name
        releaseDate { date }
      }
    }
  }
}
`;
const browser = await chromium.launch({
  executablePath: process.argv[2] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 720 }, deviceScaleFactor: 1 });
await page.goto(`http://localhost:${port}/graphql?query=${encodeURIComponent(query)}`);
await page.getByRole('region', { name: 'Operation Editor' }).getByText('artist(id:').first().waitFor();
await page.getByRole('button', { name: /^Execute query/ }).click();
await page.getByText(/^Spotify calls: /).waitFor();
await page.screenshot({ path: new URL('graphiql.png', import.meta.url).pathname });
await browser.close();
process.exit();
