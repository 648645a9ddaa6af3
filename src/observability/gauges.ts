import { Gauge, type Registry } from 'prom-client';
import {
  type FamilyQuota,
  freshnessFactor,
  type Spotify,
  type SpotifyReport,
} from '../datasources/spotify/index.ts';
import { epochMs } from './clock.ts';
import { prefix } from './metrics.ts';

/** Where the gauges read their values. */
export interface GaugeSources {
  spotify: Spotify;
  eventLoopLagMs(): number;
  /** Bytes of responses that their clients have not read yet. */
  unreadBytes(): number;
}

interface GaugeDefinition {
  name: string;
  help: string;
  labels?: readonly string[];
  /** How the values of the processes behind one port are combined; default `max`. */
  aggregator?: 'sum' | 'max';
  read(sources: GaugeSources): Iterable<Sample>;
}

/** Registers the gauges, which read their values from the sources at each scrape. */
export function registerGauges(registry: Registry, sources: GaugeSources): void {
  for (const { name, help, labels = [], aggregator = 'max', read } of gauges) {
    new Gauge({
      name: `${prefix}_${name}`,
      help,
      labelNames: labels,
      registers: [registry],
      aggregator,
      collect() {
        this.reset();
        for (const [values, value] of read(sources)) this.set(values, value);
      },
    });
  }
}

type Sample = [labels: Record<string, string>, value: number];

/** One sample for each family with a daily limit. */
const limitsOf =
  (sample: (quota: FamilyQuota & { limit: number }) => Sample) =>
  ({ spotify }: GaugeSources): Sample[] =>
    spotify
      .report()
      .quota.flatMap((quota) => (quota.limit === null ? [] : [sample({ ...quota, limit: quota.limit })]));

/** The families whose calls wait: in a back-off, or without one because the daily limit is used up. */
function shutFamilies({ families, quota }: SpotifyReport): Iterable<Sample> {
  const samples = new Map<string, Sample>();
  const add = (family: string, reason: string, waitMs: number) =>
    samples.set(family, [{ family, reason }, Math.max(0, Math.ceil(waitMs / 1000))]);
  for (const { family } of families) add(family, '', 0);
  for (const { family, isUsedUp, resetAtMs } of quota)
    if (isUsedUp) add(family, 'quota', (resetAtMs ?? 0) - epochMs());
  for (const { family, openState } of families)
    if (openState) add(family, openState.reason, openState.waitMs);
  return samples.values();
}

const gauges: readonly GaugeDefinition[] = [
  {
    name: 'upstream_calls_last_30s',
    help: 'Calls to Spotify in the last 30 seconds.',
    labels: ['family'],
    aggregator: 'sum',
    read: ({ spotify }) =>
      spotify.report().families.map(({ family, recentCalls }) => [{ family }, recentCalls]),
  },
  {
    name: 'upstream_calls_last_24h',
    help: 'Calls to Spotify in the last 24 hours, of all processes.',
    labels: ['family'],
    read: ({ spotify }) => spotify.report().quota.map(({ family, used }) => [{ family }, used]),
  },
  {
    name: 'quota_limit',
    help: 'Daily limit of a family, by its source.',
    labels: ['family', 'source'],
    read: limitsOf(({ family, limit, limitSource }) => [
      { family, source: limitSource.toLowerCase() },
      limit,
    ]),
  },
  {
    name: 'quota_remaining',
    help: 'Calls that are left below the daily limit of a family.',
    labels: ['family'],
    read: limitsOf(({ family, limit, remaining }) => [{ family }, remaining ?? limit]),
  },
  {
    name: 'quota_freshness_factor',
    help: 'How many times as long entries of a family are fresh, to save calls: 1 to 24.',
    labels: ['family'],
    read: limitsOf(({ family, used, limit }) => [{ family }, freshnessFactor(used / limit)]),
  },
  {
    name: 'gate_shut_seconds',
    help: 'Seconds until calls of a family are sent again; 0 if they are sent now.',
    labels: ['family', 'reason'],
    read: ({ spotify }) => shutFamilies(spotify.report()),
  },
  {
    name: 'premium_lapsed',
    help: "1 while Spotify rejects all calls because the Premium subscription of the app's owner has lapsed.",
    read: ({ spotify }) => [[{}, Number(spotify.report().isPremiumLapsed)]],
  },
  {
    name: 'ability',
    help: 'Learned capabilities of the app: 0 or 1, or a page size limit.',
    labels: ['ability'],
    read: ({ spotify }) =>
      Object.entries(spotify.report().capabilities).map(([ability, value]) => [{ ability }, Number(value)]),
  },
  {
    name: 'token_age_seconds',
    help: 'Age of the token in use.',
    read({ spotify }) {
      const { tokenAgeMs } = spotify.report();
      return tokenAgeMs === null ? [] : [[{}, tokenAgeMs / 1000]];
    },
  },
  {
    name: 'event_loop_lag_seconds',
    help: 'Delay of the event loop at the last sample.',
    read: ({ eventLoopLagMs }) => [[{}, eventLoopLagMs() / 1000]],
  },
  {
    name: 'unread_response_bytes',
    help: 'Bytes of responses that their clients have not read yet.',
    aggregator: 'sum',
    read: ({ unreadBytes }) => [[{}, unreadBytes()]],
  },
];
