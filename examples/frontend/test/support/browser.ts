import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

/** The files of Debian's packages: `chromium-headless-shell` takes less processor time than `chromium`. */
const browserFiles = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
const browserFile = browserFiles.find((file) => existsSync(file));

/** With `CI=true` nothing may be skipped, so there a missing browser is an error. */
export function hasBrowser(): boolean {
  if (browserFile !== undefined) return true;
  const missing = `${browserFiles.join(' or ')} is missing`;
  if (process.env['CI'] === 'true') throw new Error(`${missing}, and CI skips nothing`);
  process.stdout.write(`skipped: ${missing}\n`);
  return false;
}

/** One browser for all tests of a file, with a new profile for each visit. It can reach only this machine. */
export function launchOnce(): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserFile ?? '', args: flags });
  });
  afterAll(() => browser?.close());
  return () => {
    if (!browser) throw new Error('the browser is there once the tests run');
    return browser;
  };
}

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

// The limit for "good" of https://web.dev/articles/cls. The button at the end of a list moves down with each of the five
// windows, by at most 0.02.
export const goodLayoutShift = 0.1;

export interface Question {
  method: string;
  parameters: URLSearchParams;
  cacheControl: string | undefined;
}

export interface Visit {
  page: Page;
  /** The executed GraphQL requests, without those that an overloaded gateway has rejected. */
  questions: Question[];
  /** `type host` of each request to another host. */
  elsewhere: Set<string>;
  /** Errors and warnings of the page, except those about status 503. */
  complaints: string[];
  /** Cumulative layout shift so far: 0 if nothing has moved. */
  layoutShift(): Promise<number>;
}

/**
 * Opens a page with a new browser profile.
 * @param settings the locale, the time zone or the colour scheme of the reader
 */
export async function visit(
  browser: Browser,
  url: string,
  settings: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...settings });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const questions: Visit['questions'] = [];
  const elsewhere = new Set<string>();
  const complaints: string[] = [];
  page.on('request', (request) => {
    const { origin, hostname } = new URL(request.url());
    if (origin !== new URL(url).origin) elsewhere.add(`${request.resourceType()} ${hostname}`);
  });
  page.on('response', (response) => {
    const { pathname, searchParams: parameters } = new URL(response.url());
    if (pathname !== '/graphql' || response.status() !== 200) return;
    const cacheControl = response.headers()['cache-control'];
    questions.push({ method: response.request().method(), parameters, cacheControl });
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    const isExpected = /status of 503/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isExpected) complaints.push(message.text());
  });
  await page.addInitScript(watchLayoutShift);
  await page.goto(url);
  return {
    page,
    questions,
    elsewhere,
    complaints,
    layoutShift: () => page.evaluate(() => (window as unknown as Watched).layoutShift()),
  };
}

interface Watched {
  layoutShift(): number;
}

/** Runs in the page. */
function watchLayoutShift(): void {
  let total = 0;
  const add = (entries: PerformanceEntryList) => {
    const shifts = entries as (PerformanceEntry & { value: number; hadRecentInput: boolean })[];
    for (const { value, hadRecentInput } of shifts) {
      if (!hadRecentInput) total += value;
    }
  };
  const observer = new PerformanceObserver((list) => add(list.getEntries()));
  observer.observe({ type: 'layout-shift', buffered: true });
  (window as unknown as Watched).layoutShift = () => {
    // A busy browser may not have reported all entries yet.
    add(observer.takeRecords());
    return total;
  };
}
