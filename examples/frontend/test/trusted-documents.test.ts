import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { hasBrowser, launchOnce, visit } from './support/browser.ts';
import { cards, openArtist, search } from './support/reader.ts';
import { startSite } from './support/site.ts';

const manifest = JSON.parse(
  readFileSync(new URL('../src/generated/persisted-documents.json', import.meta.url), 'utf8'),
) as Record<string, string>;

describe.skipIf(!hasBrowser())('the built page', () => {
  const browser = launchOnce();

  test('a built page sends hashes with GET and never text, and a CDN may cache the responses', async () => {
    const site = await startSite();
    const { page, questions } = await visit(browser(), site.url);
    await search(page, 'BTS');
    await openArtist(page, 'BTS');
    await cards(page, 'Albums').first().click();
    await page.getByTestId('track-name').first().waitFor();

    expect(questions.length).toBeGreaterThanOrEqual(3);
    for (const { method, parameters, cacheControl } of questions) {
      expect(method).toBe('GET');
      expect(parameters.get('query')).toBeNull();
      const { persistedQuery } = JSON.parse(parameters.get('extensions') ?? '') as {
        persistedQuery: { sha256Hash: string };
      };
      expect(manifest[persistedQuery.sha256Hash]).toContain(`query ${parameters.get('operationName')}`);
      expect(cacheControl).toMatch(/^public, max-age=\d+, stale-while-revalidate=\d+, stale-if-error=\d+$/);
    }
  });
});

test('the gateway of a page executes only the documents of the page, with GET and with POST', async () => {
  const site = await startSite();
  const endpoint = `${site.url}graphql`;
  const query = '{ artist(id: "3Nrfpe0tUJi4K4DXYWgMUX") { name } }';
  const responses = await Promise.all([
    execute(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: JSON.stringify({ query }),
    }),
    execute(`${endpoint}?${new URLSearchParams({ query })}`, {
      headers: { accept: 'application/graphql-response+json' },
    }),
  ]);
  for (const response of responses) {
    expect(response.status).toBe(400);
    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['BAD_REQUEST']);
  }
  expect(site.spotifyCalls()).toEqual([]);
});

/** Repeats a request while an overloaded gateway rejects it with 503. */
async function execute(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.status !== 503) return response;
  await wait(Number(response.headers.get('retry-after')) * 1_000);
  return execute(url, init);
}
