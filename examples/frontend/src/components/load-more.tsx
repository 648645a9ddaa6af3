import type { LoadMore as Loading } from '../graphql/use-load-more.ts';
import styles from './notice.module.css';
import { Failure } from './notice.tsx';

interface LoadMoreProps {
  more: Loading;
  /** `albums`, `tracks` */
  noun: string;
}

/** The end of the loaded part of a list: shows a failure, or a button for users who do not scroll. */
export function LoadMore({ more: { after, next, isLoading, error }, noun }: LoadMoreProps) {
  if (after === null) return null;
  // With different keys, because React would otherwise reuse the button's element for the failure.
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
