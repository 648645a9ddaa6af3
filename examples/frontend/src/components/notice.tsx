import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { CombinedError } from 'urql';
import { dayAndTime, wait } from '../format.ts';
import { describe } from '../graphql/problem.ts';
import { type Countdown, useCountdown } from '../hooks/use-countdown.ts';
import styles from './notice.module.css';

interface NoticeProps {
  title: string;
  /** Whether the page has nothing else to show. */
  isPage?: boolean;
  children: ReactNode;
}

/** A message in place of the content: no results, or a failure. */
export function Notice({ title, isPage = false, children }: NoticeProps) {
  const Heading = isPage ? 'h1' : 'h2';
  return (
    <div className={styles.notice}>
      {isPage && <title>{`${title} – Sleeve`}</title>}
      <Heading className={styles.title}>{title}</Heading>
      {children}
    </div>
  );
}

interface FailureProps {
  error: CombinedError;
  /** Whether the page has nothing else to show. */
  isPage?: boolean;
  /** Whether a link leads to another search. */
  hasLink?: boolean;
  isRetrying: boolean;
  retry(): void;
}

/** States the failure and the next step. Repeats the request by itself if the gateway states a time. */
export function Failure({ error, isPage = false, hasLink = isPage, isRetrying, retry }: FailureProps) {
  const { title, text, retryAfterSeconds, isFinal } = describe(error);
  const countdown = useCountdown(retryAfterSeconds, error, retry);

  return (
    <div role="alert">
      <Notice title={title} isPage={isPage}>
        <p>{text}</p>
        {countdown && <NextTry {...countdown} />}
        {countdown === null && !isFinal && (
          <button type="button" onClick={retry} disabled={isRetrying}>
            Try again
          </button>
        )}
        {hasLink && (
          <p>
            <Link to="/">Search for something else</Link>
          </p>
        )}
      </Notice>
    </div>
  );
}

// Longer waits are shown as a time of day, which tells a reader when to come back.
const longWaitSeconds = 5 * 60;

function NextTry({ secondsLeft, endsAtMs }: Countdown) {
  if (secondsLeft > longWaitSeconds)
    return <p className={styles.countdown}>The next try is {dayAndTime(endsAtMs)}.</p>;
  // The alert reads it once. Not live, because a screen reader that reads every second reads nothing else.
  return (
    <p className={styles.countdown} role="timer" aria-live="off">
      {secondsLeft > 0 ? `Trying again in ${wait(secondsLeft)}` : 'Trying again …'}
    </p>
  );
}
