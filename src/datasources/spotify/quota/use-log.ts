import type { Log } from '../../../observability/log.ts';
import type { Family } from '../usage/observer.ts';
import type { QuotaState } from './quota-state.ts';
import { extendFreshnessFromShare, firstReadsOnlyFromShare } from './thrift.ts';

const levels = [
  { share: extendFreshnessFromShare, text: 'half used' },
  { share: firstReadsOnlyFromShare, text: 'nine tenths used' },
];

/** Logs that a share of a daily limit is used: once, until the use has fallen below it. */
export function createUseLog(log: Log | undefined) {
  const loggedLevels = new Map<Family, number>();

  return (family: Family, { used, limit, limitSource, remaining, usedShare }: QuotaState): void => {
    const isUsedUp = remaining === 0 || usedShare >= 1;
    const level = isUsedUp ? levels.length + 1 : levels.filter(({ share }) => usedShare >= share).length;
    const isHigher = level > (loggedLevels.get(family) ?? 0);
    loggedLevels.set(family, level);
    if (!isHigher) return;
    const share = levels[level - 1]?.text ?? 'used up';
    const rest = limit !== null && used < limit ? ' are sent, and the rest is a reserve' : '';
    const advice = isUsedUp ? `${rest}; docs/quota.md says how to make it last` : '';
    const message = `the daily limit of ${family} is ${share}: ${used} of ${limit} calls${advice}`;
    log?.[isUsedUp ? 'warn' : 'info']({ family, used, limit, limitSource }, message);
  };
}

const lossLogEveryMs = 60_000;

/** Logs a loss of the data of the shared store: once a minute, because each counter shows the same loss. */
export function createLossLog(log: Log | undefined): () => void {
  let nextLogAtMs = 0;
  return () => {
    const nowMs = performance.now();
    if (nowMs < nextLogAtMs) return;
    nextLogAtMs = nowMs + lossLogEveryMs;
    log?.warn(
      {},
      'the shared store has lost data: counts and messages of this process are written to it again',
    );
  };
}
