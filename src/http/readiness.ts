import type { Log } from '../observability/log.ts';

/** The response to `/ready`: 200 `ready`, or 503 with one fixed phrase for each reason. */
export type Readiness = () => Promise<{ status: 200 | 503; text: string }>;

const notReady = {
  draining: 'draining',
  'no-token': 'no valid Spotify token',
  'premium-lapsed': 'Premium subscription lapsed',
  bug: 'readiness check failed',
} as const;

export interface ReadinessOptions {
  isDraining(): boolean;
  /** Why Spotify cannot be called: there is no valid token, or Spotify serves this app nothing; null if it can. */
  whyNotReady(): Promise<'no-token' | 'premium-lapsed' | null>;
}

export function createReadiness({ isDraining, whyNotReady }: ReadinessOptions, log: Log): Readiness {
  async function reason(): Promise<keyof typeof notReady | null> {
    try {
      return isDraining() ? 'draining' : await whyNotReady();
    } catch (err) {
      log.error({ err }, 'bug in the readiness check');
      return 'bug';
    }
  }

  return async () => {
    const reasonNow = await reason();
    return reasonNow === null ? { status: 200, text: 'ready' } : { status: 503, text: notReady[reasonNow] };
  };
}
