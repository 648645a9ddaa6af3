import { useState } from 'react';
import { type AnyVariables, type CombinedError, type TypedDocumentNode, useClient } from 'urql';

export interface LoadMore {
  /** Behind which cursor the list goes on; null where it does not. */
  after: string | null;
  /** Reads the next window, if there is one and it is not on its way. */
  next(): void;
  isLoading: boolean;
  /** Why the last window could not be read. */
  error: CombinedError | undefined;
}

interface PageInfo {
  hasNextPage: boolean;
  endCursor: string | null;
}

/**
 * Reads on in a list: each window goes into the cache, and so into the list that is shown. The list's own query
 * knows nothing of it, and so stays as it is when a window fails.
 * @param variables those of the list's query, which begins at the front
 * @param pageInfo how far the list is read; none while it is not read at all
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
