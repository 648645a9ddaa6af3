import type { FaultRule, RateLimitForm } from './faults/rule.ts';
import { proxyHeaders } from './reply.ts';

/** One way in which Spotify was seen to behave. */
interface Preset {
  /** The experience of an app, in one sentence. */
  about: string;
  /** The public reports that it follows. */
  sources: string;
  rules?: readonly FaultRule[];
  /** Maximum calls to an endpoint family in any 24 h. */
  dailyLimits?: Readonly<Record<string, number>>;
}

// Transient faults affect the first call, so that they show at once, and then every tenth: one search in
// ten was reported, and a client that retries gets through.
const nowAndThen = 10;

const daySeconds = 24 * 3600;
// Spotify limits the calls in any 30 seconds, and does not publish the limit.
export const rateWindowSeconds = 30;

// Google's page for an origin that fails, shortened.
const htmlPage = `<!DOCTYPE html>
<html lang=en><meta charset=utf-8><title>Error 502 (Server Error)!!1</title>
<p><b>502.</b> <ins>That’s an error.</ins>
<p>The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds.
`;

const presets = {
  'quota-2026': {
    about:
      'daily quota: an endpoint family that has used its calls of the last 24 h responds 429 QUOTA_EXCEEDED until enough of them are 24 h old; rejected calls count too',
    sources:
      'Spotify’s Web API changelog of July 2026; eXPerience83/news-bulletin-playlist#156; spotipy-dev/spotipy#913; Waynting/GuessSong#27, #28',
    // Spotify publishes no numbers; these were reported from 2024 to 2026. Other families have no limit here.
    dailyLimits: { 'artists/albums': 100, search: 200, 'shows/episodes': 600, 'albums/tracks': 2300 },
  },
  'total-zero': {
    about: 'the total of every search is 0, whatever it finds',
    sources: 'NBS-LLC/ng-spotify-importer#299, #300 (January 2026); thread 7301610 of Spotify’s community',
    rules: [{ on: { route: 'search' }, fault: { kind: 'total', to: 0 } }],
  },
  'drifting-totals': {
    about: 'the total of a search or of an artist’s albums changes from call to call, by up to 13',
    sources: 'spotify/web-api#201 (341, 328, 331), #225, #1200, #1498',
    rules: [{ on: { route: ['search', 'artists/albums'] }, fault: { kind: 'total', add: [0, -13, -10] } }],
  },
  'empty-403': {
    about: `one call in ${nowAndThen} is rejected by Spotify’s proxy: 403 with an empty body`,
    sources: 'stiefenm/spoton#119 (July 2026)',
    rules: [edgeFault(403, { 'content-type': null })],
  },
  'html-502': {
    about: `one call in ${nowAndThen} fails with 502 and an HTML page`,
    sources: 'home-assistant/core#143091, #159761',
    rules: [edgeFault(502, { 'content-type': 'text/html; charset=UTF-8' }, htmlPage)],
  },
  'empty-503': {
    about: `one call in ${nowAndThen} fails with 503, an empty body and no content type`,
    sources: 'michaelherger/Spotty-Plugin#75; for the rate spotify/web-api#515',
    rules: [edgeFault(503, { 'content-type': null })],
  },
  'flaky-404': {
    about: `one search or list in ${nowAndThen} fails with 404 although it exists`,
    sources: 'spotify/web-api#1510 (one search in ten), #847, #730, #1160',
    rules: [
      {
        on: { route: ['search', 'artists/albums', 'albums/tracks', 'artists/top-tracks'] },
        every: nowAndThen,
        fault: { kind: 'answer', status: 404, json: { error: { status: 404, message: 'Not found.' } } },
      },
    ],
  },
  'premium-lapsed': {
    about:
      'the Premium subscription of the app’s owner has lapsed: every call of the Web API is 403; the token endpoint still works',
    sources: 'applications whose owners let their subscription lapse, 2026',
    rules: [{ fault: { kind: 'premium-lapsed' } }],
  },
  'old-development-app': {
    about:
      'a development-mode app from before 2026-02-11: the fields of development mode, with the endpoints and page sizes from before that date',
    sources: 'thlucas1/spotifyplus_card#100 (2026-08); shiroemons/touhou_music_discover#558 (2026-07-27)',
    rules: [{ fault: { kind: 'endpoints', of: 'extended' } }],
  },
} as const satisfies Record<string, Preset>;

/** The name of a preset. */
export type PresetName = keyof typeof presets;

/** Every preset, in the order of the help. */
export const presetNames = Object.keys(presets) as readonly PresetName[];

export const isPresetName = (name: string): name is PresetName => Object.hasOwn(presets, name);

/** The description of a preset and its source. */
export function describePreset(name: PresetName): { about: string; sources: string } {
  const { about, sources } = presets[name];
  return { about, sources };
}

/** The limits of an app. */
export interface AppLimits {
  /** Calls to the Web API in any 30 s. Default: no limit. */
  rateLimit?: number | undefined;
  /** Calls in any 24 h by endpoint family; each number replaces a preset's number for the same family. */
  dailyLimits?: Readonly<Record<string, number>> | undefined;
}

/** The fault rules of limits and presets together, presets in the order of the names. */
export function presetRules(
  names: readonly PresetName[],
  { rateLimit, dailyLimits = {} }: AppLimits = {},
): FaultRule[] {
  const chosenPresets = names.map((name): Preset => presets[name]);
  const limits: Record<string, number> = Object.assign(
    {},
    ...chosenPresets.map((preset) => preset.dailyLimits),
    dailyLimits,
  );
  return [
    ...(rateLimit === undefined ? [] : [limitRule(rateLimit, rateWindowSeconds, 'text')]),
    ...Object.entries(limits).map(([route, calls]) => ({
      on: { route },
      ...limitRule(calls, daySeconds, 'quota'),
    })),
    ...chosenPresets.flatMap(({ rules = [] }) => rules),
  ];
}

// Clients that ignored a 429 were seen to wait longer, so rejected calls count.
const limitRule = (calls: number, windowSeconds: number, form: RateLimitForm): FaultRule => ({
  fault: { kind: 'budget', calls, windowSeconds, form, countRefused: true },
});

/** A response of the proxy in front of the Web API. */
function edgeFault(status: number, headers: Record<string, string | null>, text = ''): FaultRule {
  return {
    every: nowAndThen,
    fault: { kind: 'answer', status, headers: { ...proxyHeaders, ...headers }, text },
  };
}
