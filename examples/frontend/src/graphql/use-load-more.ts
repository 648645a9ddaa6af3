import { useState } from 'react';
import { type AnyVariables, type CombinedError, type TypedDocumentNode, useClient } from 'urql';

export interface LoadMore {
  /** The cursor of the next window; null at the end of the list. */
  after: string | null;
  /** Reads the next window, if there is one and it is not loading. */
  next(): void;
  isLoading: boolean;
  /** The error of the last window. */
  error: CombinedError | undefined;
}

interface PageInfo {
  hasNextPage: boolean;
  endCursor: string | null;
}

/**
 * Loads more of a list: the cache merges each window into the list. A window has its own query, so that a failure does not
 * affect the query of the list.
 * @param variables those of the list's query, which reads the first window
 * @param pageInfo that of the loaded part of the list; none before the first window
 */
export function useLoadMore<Data, Variables extends AnyVariables & { after?: string | null }>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  pageInfo: PageInfo | undefined,
): LoadMore {
  const client = useClient();
  const [loading, setLoading] = useState<string | null>(null);
  const [error, setError] = useState<CombinedError>();
  const after = pageInfo?.hasNextPage ? pageInfo.endCursor : null;

  async function load(cursor: string) {
    setLoading(cursor);
    const window = await client.query(query, { ...variables, after: cursor }).toPromise();
    setError(window.error);
    setLoading((current) => (current === cursor ? null : current));
  }

  return {
    after,
    next() {
      if (after !== null && after !== loading) load(after);
    },
    isLoading: loading !== null,
    error,
  };
}
