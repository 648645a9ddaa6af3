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
  // Each by its key: a failure stands where the places were held, and is not the button that has moved up there.
  return error ? (
    <div key="failure" className={styles.end}>
      <Failure error={error} isRetrying={isLoading} retry={next} />
    </div>
  ) : (
    <div key="button" className={styles.end}>
      <button type="button" onClick={next} aria-disabled={isLoading}>
        More {noun}
      </button>
    </div>
  );
}
