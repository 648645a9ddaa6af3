/** One call that the sandbox received. */
export interface SandboxCall {
  /** `api` for the Web API, `token` for the accounts service. */
  kind: 'api' | 'token';
  method: string;
  /** Below the root of the service, with its query: `/artists/…/albums?limit=10&offset=0`. */
  path: string;
  /** Endpoint family: the path without ids (`artists/albums`), `token`, or `other`. */
  route: string;
  /** Status of the answer; null while there is none, and for ever if there never was one. */
  status: number | null;
  /** When it arrived, on the clock of the sandbox: `performance.now()` unless it was given another. */
  atMs: number;
  /** What the caller sent, names in lower case. */
  headers: Record<string, string>;
}

/** Keeps calls, in order of arrival: all of them up to 20,000, and then the latest. */
export interface CallLog {
  /** Notes a call; the returned object's `status` is set when it is answered. */
  note(call: Omit<SandboxCall, 'status' | 'atMs'>): SandboxCall;
  calls(): readonly SandboxCall[];
  clear(): void;
}

// A sandbox may run for days. This is more than a test looks at, and some ten megabytes.
const mostCalls = 20_000;

export function createCallLog(now: () => number): CallLog {
  let calls: SandboxCall[] = [];
  return {
    note: (call) => {
      const noted = { ...call, status: null, atMs: now() };
      calls.push(noted);
      if (calls.length > mostCalls) calls.shift();
      return noted;
    },
    calls: () => calls.slice(),
    clear: () => {
      calls = [];
    },
  };
}
