import type { Log } from '../observability/log.ts';

/** What `/ready` answers: 200 `ready`, or 503 with one fixed phrase for each reason. */
export type Readiness = () => Promise<{ status: 200 | 503; text: string }>;

export const notReady = {
  draining: 'draining',
  noToken: 'no valid Spotify token',
  premiumLapsed: 'Premium subscription lapsed',
  bug: 'readiness check failed',
} as const;

export interface ReadinessOptions {
  isDraining(): boolean;
  /** Whether a valid token is there or can be fetched, and Spotify serves this app. */
  isServed(): Promise<boolean>;
  /** Whether Spotify serves the app nothing, because the Premium subscription of its owner has lapsed. */
  isPremiumLapsed(): boolean;
}

export function createReadiness(
  { isDraining, isServed, isPremiumLapsed }: ReadinessOptions,
  log: Log,
): Readiness {
  async function reason(): Promise<string | null> {
    try {
      if (isDraining()) return notReady.draining;
      if (await isServed()) return null;
      return isPremiumLapsed() ? notReady.premiumLapsed : notReady.noToken;
    } catch (err) {
      log.error({ err }, 'bug in the readiness check');
      return notReady.bug;
    }
  }

  return async () => {
    const text = await reason();
    return text === null ? { status: 200, text: 'ready' } : { status: 503, text };
  };
}
