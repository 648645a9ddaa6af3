import { createContext, useContext, useSyncExternalStore } from 'react';
import { type Exchange, makeOperation, mapExchange, type OperationResult } from 'urql';

/** Spotify calls that the gateway has made for this browser. */
export interface Cost {
  /** Since the current page was opened. */
  page: number;
  /** Since the site was opened. */
  visit: number;
}

export interface CostCounter {
  /** Requests the cost of each request, and adds it up. Must precede the exchange that fetches. */
  exchange: Exchange;
  /** Resets the count of the current page. */
  startPage(): void;
  read(): Cost;
  subscribe(onChange: () => void): () => void;
}

export function createCostCounter(): CostCounter {
  const listeners = new Set<() => void>();
  let cost: Cost = { page: 0, visit: 0 };
  const change = (next: Cost) => {
    cost = next;
    for (const listener of listeners) listener();
  };

  return {
    exchange: mapExchange({
      onOperation: (operation) =>
        makeOperation(operation.kind, operation, {
          ...operation.context,
          fetchOptions: { headers: { 'x-spotify-trace': '1' } },
        }),
      onResult: (result) => {
        const calls = callsOf(result);
        if (calls > 0) change({ page: cost.page + calls, visit: cost.visit + calls });
      },
    }),
    startPage: () => change({ ...cost, page: 0 }),
    read: () => cost,
    subscribe(onChange) {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
  };
}

/** `extensions.spotify.actualCalls` of a response; docs/calls.md describes it. */
function callsOf({ extensions }: OperationResult): number {
  const { actualCalls } = (extensions?.['spotify'] ?? {}) as { actualCalls?: unknown };
  return typeof actualCalls === 'number' ? actualCalls : 0;
}

export const CostContext = createContext(createCostCounter());

export function useCost(): Cost & Pick<CostCounter, 'startPage'> {
  const { read, subscribe, startPage } = useContext(CostContext);
  return { ...useSyncExternalStore(subscribe, read), startPage };
}
