import { countText, durationText } from '../text.ts';
import type { Advice } from './advice.ts';
import { maxCalls } from './examine.ts';
import type { FamilyState, Findings } from './findings.ts';

/** The findings for people, in lines. */

const kindTexts: Readonly<Record<Findings['kind'], string>> = {
  development: 'development mode, with the restrictions of apps created since 2026-02-11',
  'old-development': 'development mode, with the endpoints of apps created before 2026-02-11',
  extended: 'extended quota mode',
  unknown: 'not clear: the responses do not show the mode of the app',
};

const premiumTexts: Readonly<Record<Findings['premium'], string>> = {
  active: 'nothing is missing: Spotify serves this app',
  lapsed:
    'MISSING: Spotify rejects every call, because the owner of the app has no active Premium subscription. After it is renewed, Spotify may need a few hours',
  unknown: 'not known, because no call succeeded',
};

const marketTexts: Readonly<Record<Findings['market']['without'], string>> = {
  listed: 'without a market, objects list the markets in which they are available',
  applied: 'without a market, Spotify applies a market of its own',
  none: 'without a market, albums and their tracks say nothing about markets',
  unknown: 'without a market: not checked',
};

const stateTexts: Readonly<Record<FamilyState, string>> = {
  available: 'available',
  withheld: 'withheld from this app',
  'documented-as-withheld': 'withheld according to Spotify (not called)',
  'quota-used-up': 'daily quota used up',
  'rate-limited': 'rejected by the rate limit',
  failed: 'failed',
  'not-checked': 'not checked',
};

export function findingsText(findings: Findings, advice: readonly Advice[], calls: number): string {
  const rows: [string, string][] = [
    ['Kind of app', kindTexts[findings.kind]],
    ['Premium', premiumTexts[findings.premium]],
    ['Page size', pageText(findings)],
    ['Batches', batchText(findings)],
    ...familyRows(findings),
    ['Fields', fieldText(findings)],
    ['Market', marketText(findings)],
    ['Daily quota', quotaText(findings)],
    ...noteRows(findings),
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const configure = advice.map(({ variable, value, reason }) => `  ${variable}=${value}\n      ${reason}`);
  return [
    `Checked with ${calls} of at most ${maxCalls} Spotify calls; those for the token are not counted.`,
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}${value}`),
    ...(configure.length > 0 ? ['', 'Configure:', '', ...configure] : []),
  ].join('\n');
}

function pageText({ pageSize }: Findings): string {
  return pageSize === null
    ? 'not known'
    : `at most ${pageSize} results of a search and albums of an artist; 50 tracks and episodes`;
}

function batchText({ batch }: Findings): string {
  if (batch === null) return 'not known';
  return batch ? 'several objects can be read with one call' : 'none: each object needs a call of its own';
}

function familyRows({ families, rejections }: Findings): [string, string][] {
  const states = Object.keys(stateTexts) as FamilyState[];
  const lines = states.flatMap((state) => {
    const names = Object.keys(families).filter((family) => families[family] === state);
    const shown = state === 'failed' ? names.map((name) => `${name} (${causeOf(name, rejections)})`) : names;
    return shown.length === 0 ? [] : [`${stateTexts[state]}: ${shown.join(', ')}`];
  });
  return lines.map((line, index) => [index === 0 ? 'Endpoints' : '', line]);
}

/** Such as `503`, `unusable response: it is not JSON`, or `no response: ECONNREFUSED`. */
function causeOf(family: string, rejections: Findings['rejections']): string {
  const { status, isUnusable, message } = rejections.find((rejection) => rejection.family === family) ?? {};
  return [status ?? (isUnusable ? 'unusable response' : 'no response'), message].filter(Boolean).join(': ');
}

function fieldText({ fields: { withheld } }: Findings): string {
  const names = Object.keys(withheld).filter((field) => withheld[field]);
  if (names.length > 0) return `Spotify withholds ${names.join(', ')}`;
  return Object.keys(withheld).length > 0 ? 'all fields are sent' : 'not checked';
}

function marketText({ market: { without, withStatesPlayable } }: Findings): string {
  if (withStatesPlayable === null) return marketTexts[without];
  const withMarket = withStatesPlayable
    ? 'with a market, tracks state whether they are playable'
    : 'with a market, tracks do not state whether they are playable';
  return `${marketTexts[without]}; ${withMarket}`;
}

function quotaText({ usedUpQuotas, premium }: Findings): string {
  if (usedUpQuotas.length === 0)
    return premium === 'active' ? 'not used up for the endpoints that were called' : 'not known';
  const usedUpFamilies = usedUpQuotas.map(({ family, seconds }) =>
    seconds === null ? family : `${family} (free again in ${durationText(seconds)})`,
  );
  return `USED UP for ${usedUpFamilies.join(', ')}`;
}

function noteRows(findings: Findings): [string, string][] {
  const { repeated, unreliableTotals, rateLimitedSeconds } = findings;
  const failures = repeated.map(({ family, status }) => `${family} (${status ?? 'no response'})`);
  const rows: [string, string | false][] = [
    [
      'Rate limit',
      rateLimitedSeconds !== null && `exceeded: run this again in ${durationText(rateLimitedSeconds)}`,
    ],
    ['Failed calls', failures.length > 0 && `${failures.join(', ')}, then repeated`],
    ['Totals', unreliableTotals.length > 0 && `not reliable in searches for ${unreliableTotals.join(', ')}`],
    ['Shapes', shapeText(findings)],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== false);
}

function shapeText({ comparedResponses, differences }: Findings): string {
  if (comparedResponses === 0) return 'not checked';
  const responses = countText(comparedResponses, 'response');
  return differences.length === 0
    ? `${responses} as this version expects`
    : `${responses} with ${countText(differences.length, 'difference')} from the shapes that this version expects`;
}
