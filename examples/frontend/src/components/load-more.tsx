import type { LoadMore as Loading } from '../graphql/use-load-more.ts';
import styles from './notice.module.css';
import { Failure } from './notice.tsx';

interface LoadMoreProps {
  more: Loading;
  /** `albums`, `tracks` */
  noun: string;
}

/** The end of a list as far as it is read: says what went wrong, and is there for those who do not scroll. */
export function LoadMore({ more: { after, next, isLoading, error }, noun }: LoadMoreProps) {
  if (after === null) return null;
  return (
    <div className={styles.end}>
      {error ? (
        <Failure error={error} isRetrying={isLoading} retry={next} />
      ) : (
        <button type="button" onClick={next} aria-disabled={isLoading}>
          More {noun}
        </button>
      )}
    </div>
  );
}
