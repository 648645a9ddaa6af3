import type { ReactNode } from 'react';
import type { CombinedError } from 'urql';
import { wait } from '../format.ts';
import { describe } from '../graphql/problem.ts';
import { useCountdown } from '../hooks/use-countdown.ts';
import styles from './notice.module.css';

interface NoticeProps {
  title: string;
  children: ReactNode;
}

/** Something in place of what the reader came for: nothing found, or a failure. */
export function Notice({ title, children }: NoticeProps) {
  return (
    <div className={styles.notice}>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

interface FailureProps {
  error: CombinedError;
  isRetrying: boolean;
  retry(): void;
}

/** Says what failed and what happens next. Where the gateway knows when to ask again, that is done unasked. */
export function Failure({ error, isRetrying, retry }: FailureProps) {
  const { title, text, retryAfterSeconds, isFinal } = describe(error);
  const secondsLeft = useCountdown(retryAfterSeconds, error, retry);

  return (
    <div role="alert">
      <Notice title={title}>
        <p>{text}</p>
        {secondsLeft !== null && (
          // Said once by the alert and then seen: a voice that counts every second hides everything else.
          <p className={styles.countdown} role="timer" aria-live="off">
            {secondsLeft > 0 ? `Trying again in ${wait(secondsLeft)}` : 'Trying again …'}
          </p>
        )}
        {secondsLeft === null && !isFinal && (
          <button type="button" onClick={retry} disabled={isRetrying}>
            Try again
          </button>
        )}
      </Notice>
    </div>
  );
}
