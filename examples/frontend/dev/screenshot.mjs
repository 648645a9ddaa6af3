// Writes screenshot.png: the page of an artist, wide and light beside narrow and dark. `npm run screenshot` builds the
// page and starts this with the gateway and its sandbox. The argument is the path of Chromium.
import { chromium } from 'playwright-core';
import { preview } from 'vite';

const artistPath = 'artist/3Nrfpe0tUJi4K4DXYWgMUX';
const height = 690;
const views = [
  { width: 1040, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark' },
];

const server = await preview({ preview: { port: 0 }, logLevel: 'error' });
const [url] = server.resolvedUrls?.local ?? [];
const browser = await chromium.launch({
  executablePath: process.argv[2] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});

const pictures = [];
for (const { width, colorScheme } of views) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  await page.goto(url + artistPath);
  await page.locator('main li img[data-shown="true"]').nth(5).waitFor();
  await page.waitForTimeout(1_000); // the pictures fade in
  pictures.push((await page.screenshot()).toString('base64'));
}

const width = views.reduce((sum, view) => sum + view.width, 0);
const sheet = await browser.newPage({ viewport: { width, height } });
const images = pictures.map((picture) => `<img src="data:image/png;base64,${picture}">`);
await sheet.setContent(`<body style="margin: 0; display: flex">${images.join('')}</body>`);
await sheet.screenshot({ path: new URL('../screenshot.png', import.meta.url).pathname });
process.exit();
