import { setTimeout as wait } from 'node:timers/promises';
import type { Page, Request } from 'playwright-core';
import { onTestFinished } from 'vitest';

/** Delays responses and pictures until the page has been rendered without them. */

const headings = ['Artist', 'Album'];
// The last part loads when the rest is on the page.
const lastMs = 300;

const operationOf = (request: Request): string =>
  new URL(request.url()).searchParams.get('operationName') ?? '';

export async function comeLate(page: Page, last: 'headings' | 'lists'): Promise<void> {
  onTestFinished(() => page.unrouteAll({ behavior: 'ignoreErrors' }));
  await page.route('**/graphql*', async (route) => {
    const isHeading = headings.includes(operationOf(route.request()));
    if (isHeading === (last === 'headings')) await wait(lastMs);
    await painted(page);
    await route.continue();
  });
  await page.route('**/image/*', async (route) => {
    await painted(page);
    await route.fulfill(picture);
  });
}

// Wider than high, unlike its place.
const picture = {
  contentType: 'image/svg+xml',
  body: '<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="640"/>',
};

/** Waits for frames: one begins when the previous one is on the screen. A page that was left has no more frames. */
const painted = (page: Page): Promise<void> => page.evaluate(twoFrames).catch(() => undefined);

/** Runs in the page. */
function twoFrames(): Promise<void> {
  return new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(() => done()));
  });
}
