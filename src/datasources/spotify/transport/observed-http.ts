import type { Family } from '../quota/families.ts';
import type { Waiters } from '../usage/field-context.ts';
import type { Observer } from '../usage/observer.ts';
import type { Http, HttpRequest, Outcome } from './http.ts';

/** Sends one HTTP request; the observer and the operations that wait for it get a record of it. */
export type ObservedHttp = (request: RequestInfo, waiters: Waiters) => Promise<Outcome>;

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
    const onEnd = observer.onCall({ family, method, path: path.replace(/\?.*/, ''), operation });
    const finishRecord = waiters.recordCall({ method, path });
    const outcome = await http.send(request);
    const status = outcome.kind === 'answer' ? outcome.status : null;
    onEnd(status);
    finishRecord({ status, milliseconds: Math.round(performance.now() - startedMs) });
    return outcome;
  };
}
