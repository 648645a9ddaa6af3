import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Actions of users. */

export async function search(page: Page, text: string): Promise<void> {
  await page.getByRole('searchbox').fill(text);
  await page.getByRole('button', { name: 'Search' }).click();
}

/** The links of the cards to pages of the site; each card has a link to Spotify, too. */
export const cards = (page: Page, list: string): Locator =>
  page.getByRole('list', { name: list, exact: true }).locator('a:not([data-spotify])');

export async function openArtist(page: Page, name: string): Promise<void> {
  await cards(page, 'Artists')
    .filter({ has: page.getByText(name, { exact: true }) })
    .click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

/** Scrolls to the end of the page repeatedly, until it has so many elements. */
export async function scrollUntil(list: Locator, wanted: number): Promise<void> {
  // If no more elements load, the failure contains the page's message.
  const main = list.page().getByRole('main');
  for (let shown = 0; shown < wanted; ) {
    await expect.poll(async () => ((await list.count()) > shown ? 'more' : main.innerText())).toBe('more');
    shown = await list.count();
    await list.last().scrollIntoViewIfNeeded();
  }
}

/** The targets of the links, in their order. */
export const targets = (list: Locator): Promise<(string | null)[]> =>
  list.evaluateAll((links) => links.map((link) => link.getAttribute('href')));
