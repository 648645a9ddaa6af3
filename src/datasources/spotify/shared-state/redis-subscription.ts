import type { Redis } from 'ioredis';

export type Subscription = ReturnType<typeof createSubscription>;

export interface SubscriptionOptions {
  /** Called for every message, by channel. */
  onMessage: Readonly<Record<string, (message: string) => void>>;
  /**
   * Called after each connect, and when Redis responds again, because messages may have been missed. Returns whether Redis
   * has responded to it; else it is called again.
   */
  onResponding: () => Promise<boolean>;
  isAvailable(): boolean;
  onError(error: Error): void;
}

const catchUpEveryMs = 5_000; // while Redis rejects the commands for it

/**
 * A subscription that may miss messages while it is not connected, or while Redis does not respond.
 * @param connection used for nothing else
 */
export function createSubscription(connection: Redis, options: SubscriptionOptions) {
  const { onMessage, onResponding, isAvailable, onError } = options;
  let isSubscribed = false;
  let hasMissed = true;
  let nextAttemptMs = 0;
  let resolveFirstCatchUp: () => void = () => undefined;
  const firstCatchUp = new Promise<void>((resolve) => {
    resolveFirstCatchUp = resolve;
  });

  /** Catches up if messages may have been missed; to be called whenever Redis has responded. */
  async function catchUp(): Promise<void> {
    const nowMs = performance.now();
    // After the subscription, so that no message is missed between the stored ones and the next one.
    if (!hasMissed || !isSubscribed || !isAvailable() || nowMs < nextAttemptMs) return;
    hasMissed = false;
    if (await onResponding()) return resolveFirstCatchUp();
    hasMissed = true;
    nextAttemptMs = nowMs + catchUpEveryMs;
  }

  connection.on('message', (channel, message) => onMessage[channel]?.(message));
  connection.on('close', () => {
    isSubscribed = false;
    hasMissed = true;
  });
  connection.on('ready', () => {
    connection.subscribe(...Object.keys(onMessage)).then(() => {
      isSubscribed = true;
      return catchUp();
    }, onError);
  });

  return {
    /** Messages may have been missed. */
    miss(): void {
      hasMissed = true;
    },
    catchUp,
    /** Resolves when it has caught up for the first time. */
    firstCatchUp,
  };
}
