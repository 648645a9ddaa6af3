import type { SpotifyOptions } from '../datasources/spotify/index.ts';
import type { Findings } from './findings.ts';

/** A variable to set, and the reason. */
export interface Advice {
  /** Such as `SPOTIFY_QUOTA_MODE`. */
  variable: string;
  value: string;
  reason: string;
}

/** The variables that should be configured for this app. @param options the present configuration */
export function adviceFor(findings: Findings, options: SpotifyOptions): Advice[] {
  if (findings.premium !== 'active') return []; // no variable helps
  const mode = modeFor(findings);
  const isMode = mode === null || mode === options.quotaMode;
  const advice: (Advice | false)[] = [
    !isMode && {
      variable: 'SPOTIFY_QUOTA_MODE',
      value: mode,
      reason:
        mode === 'auto'
          ? `${JSON.stringify(options.quotaMode)} does not describe this app; the gateway learns what the app may do`
          : 'saves the calls with which the gateway learns this after each start',
    },
    options.market === null && {
      variable: 'SPOTIFY_MARKET',
      value: 'your country, such as DE',
      reason:
        'if all users are in one country; without a market, objects do not state whether they are playable there',
    },
    options.dataDir === null &&
      options.redisUrl === null && {
        variable: 'DATA_DIR',
        value: '.data',
        reason:
          'keeps responses and the count of calls across restarts, which saves calls of the daily quota',
      },
  ];
  return advice.filter((entry) => entry !== false);
}

function modeFor({ kind }: Findings): SpotifyOptions['quotaMode'] | null {
  if (kind === 'unknown') return null;
  return kind === 'old-development' ? 'auto' : kind;
}
