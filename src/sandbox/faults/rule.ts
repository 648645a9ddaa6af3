import type { QuotaMode } from '../quota-mode.ts';

/** A fault, the calls that it affects, and its duration. Rules are plain data, so they can be sent as JSON. */
export interface FaultRule {
  /** The affected calls. Default: every call of the Web API, and no call of the token endpoint. */
  on?: FaultTarget;
  /** Number of matching calls to leave alone first. Default 0; with `times: 1` the rule affects exactly call number `skip + 1`. */
  skip?: number;
  /** After `skip`, the rule affects the first matching call and then one in `every` calls. Default 1: all. */
  every?: number;
  /** Number of affected calls after which the rule ends. Default: no limit. */
  times?: number;
  /** Milliseconds from now after which the rule ends. Default: no limit. */
  forMs?: number;
  /** Probability that a matching call is affected, 0 to 1, drawn from `seed`. Default 1. */
  chance?: number;
  /** Seed of `chance`; equal seeds affect the same calls. Default 'faults'. */
  seed?: string;
  fault: Fault;
}

/** A call must match all given properties. */
export interface FaultTarget {
  /** Endpoint families (`artists/albums`, `search`, …); `token` is the token endpoint. */
  route?: string | readonly string[];
  /** Prefix of the path below the API's root. */
  path?: string;
  /** A regular expression that the path with its query must match. */
  pattern?: string;
  /** True: only batch reads (`?ids=`); false: only other calls. */
  batch?: boolean;
}

/** A change to the JSON of a response. `path` has the form `items.3.name`; exactly one other property is set. */
export interface Edit {
  path: string;
  /** The new value. A missing key is created, even `__proto__`. */
  set?: unknown;
  remove?: true;
  /** The new name of the key. */
  rename?: string;
}

export type RateLimitForm = 'text' | 'json' | 'quota';

/** The faults: the first group changes Spotify's state, the second the response, the third its transmission. */
export type Fault =
  /** A lower page size limit: 400 `Invalid limit` above it, or with `clamp` a page of that size. */
  | { kind: 'ceiling'; limit: number; clamp?: boolean }
  /** Artists' lists get new albums at the front, lose the newest ones, or report a total that is too large. */
  | { kind: 'listing'; inserted?: number; removed?: number; extraTotal?: number }
  /** The app has the endpoints and page sizes of this mode, and the fields of its own mode. */
  | { kind: 'endpoints'; of: QuotaMode }
  /** Calls without a market get the response for this one. */
  | { kind: 'implied-market'; market: string }
  /**
   * A rolling limit: 429 with the correct remaining seconds after `calls` accepted calls within `windowSeconds`.
   * With `countRefused` rejected calls count too, so a client that continues to call waits longer.
   */
  | {
      kind: 'budget';
      calls: number;
      windowSeconds: number;
      per?: 'app' | 'family';
      form?: RateLimitForm;
      countRefused?: boolean;
    }
  /** 429 in one of Spotify's three forms. Without `retryAfterSeconds` there is no Retry-After. */
  | { kind: 'rate-limit'; form?: RateLimitForm; retryAfterSeconds?: number }
  /** Any response: a JSON value or a text (default: empty). A header that is null is not sent. */
  | {
      kind: 'answer';
      status?: number;
      headers?: Record<string, string | null>;
      json?: unknown;
      text?: string;
    }
  | { kind: 'redirect'; to: string; status?: number }
  | { kind: 'unauthorized'; reason: 'expired' | 'invalid' | 'user' }
  /** The Premium subscription of the app's owner has lapsed: 403 on everything. */
  | { kind: 'premium-lapsed'; form?: 'json' | 'text' }
  /** The endpoint no longer exists; the text depends on the status. */
  | { kind: 'withdrawn'; status?: 403 | 404 | 410 }
  /** Pages report the total `to`, or the real total plus the numbers of `add`, one per call in turn; never below 0. */
  | { kind: 'total'; to?: number; add?: readonly number[] }
  | { kind: 'edit'; edits: readonly Edit[] }
  /** A batch response in reverse order, with its first `keep` entries only, or with null or the previous entry at these indexes. */
  | {
      kind: 'batch';
      reverse?: boolean;
      keep?: number;
      nulls?: readonly number[];
      repeats?: readonly number[];
    }
  | { kind: 'delay'; ms: number }
  /** No further data: no response at all, or none after this number of bytes of the body. */
  | { kind: 'stall'; afterBytes?: number }
  /** The body is sent in pieces of this number of bytes. */
  | { kind: 'drip'; bytes: number; everyMs: number }
  /** The connection is reset: before the response, or after this number of bytes of the body. */
  | { kind: 'reset'; afterBytes?: number }
  /** The connection is closed normally before the body reaches the length in its header. */
  | { kind: 'truncate'; afterBytes: number }
  /** A JSON body of this size, uncompressed or as a small gzip. */
  | { kind: 'oversize'; megabytes: number; gzip?: boolean };

export type FaultKind = Fault['kind'];
export type FaultOf<Kind extends FaultKind> = Extract<Fault, { kind: Kind }>;
