/** One call that the sandbox received. */
export interface SandboxCall {
  /** `api` for the Web API, `token` for the accounts service. */
  kind: 'api' | 'token';
  method: string;
  /** Below the root of the service, with its query: `/artists/…/albums?limit=10&offset=0`. */
  path: string;
  /** Endpoint family: the path without ids (`artists/albums`), `token`, or `other`. */
  route: string;
  /** Status of the response; null until it is sent. */
  status: number | null;
  /** Time of arrival on the clock of the sandbox (option `now`), in milliseconds. */
  atMs: number;
  /** Request headers, with names in lower case. */
  headers: Record<string, string>;
}

/** The latest 20,000 calls, in order of arrival. */
export interface CallLog {
  /** Records a call. The caller sets `status` of the returned object when it sends the response. */
  note(call: Omit<SandboxCall, 'status' | 'atMs'>): SandboxCall;
  calls(): readonly SandboxCall[];
  clear(): void;
}

// A sandbox can run for days. This is more than a test needs, and about ten megabytes.
const maxCalls = 20_000;

export function createCallLog(now: () => number): CallLog {
  let calls: SandboxCall[] = [];
  return {
    note: (call) => {
      const loggedCall = { ...call, status: null, atMs: now() };
      calls.push(loggedCall);
      if (calls.length > maxCalls) calls.shift();
      return loggedCall;
    },
    calls: () => calls.slice(),
    clear: () => {
      calls = [];
    },
  };
}
