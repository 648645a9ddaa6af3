import type { Family } from '../quota/families.ts';
import type { Waiters } from '../usage/field-context.ts';
import type { Observer } from '../usage/observer.ts';
import type { Http, HttpRequest, Outcome } from './http.ts';

/** One attempt, noted with all who wait for it and seen by the observer. */
export type ObservedHttp = (attempt: RequestInfo, waiters: Waiters) => Promise<Outcome>;

export interface RequestInfo extends HttpRequest {
  family: Family | 'token';
  /** Relative to the base URL, with the query. */
  path: string;
}

export function createObservedHttp(http: Http, observer: Observer): ObservedHttp {
  return async ({ family, path, ...request }, waiters) => {
    const startedMs = performance.now();
    const { method } = request;
    const [operation] = waiters.operations();
    const observed = observer.onCall({ family, method, path: path.replace(/\?.*/, ''), operation });
    const noted = waiters.recordCall({ method, path });
    const outcome = await http.send(request);
    const status = outcome.kind === 'answer' ? outcome.status : null;
    observed(status);
    noted({ status, milliseconds: Math.round(performance.now() - startedMs) });
    return outcome;
  };
}
