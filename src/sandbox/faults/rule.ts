import type { QuotaMode } from '../quota-mode.ts';

/** Something that goes wrong: where, for how long, and what. Rules are plain data, so JSON can carry them. */
export interface FaultRule {
  /** Which calls; without it every call of the Web API, and no call of the token endpoint. */
  on?: FaultTarget;
  /** Matching calls that pass first. Default 0; with `times: 1` the rule hits exactly call number `skip + 1`. */
  skip?: number;
  /** Of the matching calls that do not pass, the first is hit and then one in every so many. Default 1: all. */
  every?: number;
  /** Matching calls that are hit before the rule is spent. Default: all. */
  times?: number;
  /** Milliseconds from now until the rule is spent. Default: none. */
  forMs?: number;
  /** Share of the matching calls that is hit, 0 to 1, drawn from `seed`. Default 1. */
  chance?: number;
  /** What `chance` is drawn from; equal seeds hit the same calls. Default 'faults'. */
  seed?: string;
  fault: Fault;
}

/** All that is given must hold. */
export interface FaultTarget {
  /** Endpoint families (`artists/albums`, `search`, …); `token` is the token endpoint. */
  route?: string | readonly string[];
  /** How the path below the API's root begins. */
  path?: string;
  /** A regular expression that the path with its query must match. */
  pattern?: string;
  /** Batch reads (`?ids=`) only, or single reads only. */
  batch?: boolean;
}

/** A change to the JSON of an answer. `path` reads `items.3.name`; exactly one of the others is given. */
export interface Edit {
  path: string;
  /** The new value. A missing key is made, `__proto__` among them. */
  set?: unknown;
  remove?: true;
  /** The new name of the key. */
  rename?: string;
}

export type RateLimitForm = 'text' | 'json' | 'quota';

/** What goes wrong. The first group changes the world, the second the answer, the third the wire. */
export type Fault =
  /** A lower page ceiling: 400 `Invalid limit` above it, or with `clamp` a page of that size. */
  | { kind: 'ceiling'; limit: number; clamp?: boolean }
  /** Artists' lists gain albums in front, lose the newest, or overstate their total. */
  | { kind: 'listing'; inserted?: number; removed?: number; extraTotal?: number }
  /** The app has the endpoints and the page sizes of this mode, and keeps the fields of its own. */
  | { kind: 'endpoints'; of: QuotaMode }
  /** Calls without a market are answered as if they named this one. */
  | { kind: 'implied-market'; market: string }
  /**
   * A rolling limit: 429 with the true remaining seconds once `calls` of the last `windowSeconds` were let
   * through. With `countRefused` refused calls count, too, so that who goes on calling waits longer.
   */
  | {
      kind: 'budget';
      calls: number;
      windowSeconds: number;
      per?: 'app' | 'family';
      form?: RateLimitForm;
      countRefused?: boolean;
    }
  /** 429 in one of Spotify's three forms; no Retry-After unless given. */
  | { kind: 'rate-limit'; form?: RateLimitForm; retryAfterSeconds?: number }
  /** Any answer: a JSON value, or a text as it stands (default: empty). A header set to null is not sent. */
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
  /** The endpoint is gone, with the text that goes with the status. */
  | { kind: 'withdrawn'; status?: 403 | 404 | 410 }
  /** Pages state this total, or one that is off by these numbers in turn, call by call; never below 0. */
  | { kind: 'total'; to?: number; add?: readonly number[] }
  | { kind: 'edit'; edits: readonly Edit[] }
  /** A batch answer out of order, cut to its first `keep` entries, or at these places with null or the entry before. */
  | {
      kind: 'batch';
      reverse?: boolean;
      keep?: number;
      nulls?: readonly number[];
      repeats?: readonly number[];
    }
  | { kind: 'delay'; ms: number }
  /** Silence: instead of an answer, or after so many bytes of its body. */
  | { kind: 'stall'; afterBytes?: number }
  /** The body comes in pieces of so many bytes. */
  | { kind: 'drip'; bytes: number; everyMs: number }
  /** The connection is reset: instead of an answer, or after so many bytes of its body. */
  | { kind: 'reset'; afterBytes?: number }
  /** The connection closes in good order before the body has the length that its header promised. */
  | { kind: 'truncate'; afterBytes: number }
  /** A JSON body of so many megabytes, as it is or as a small gzip. */
  | { kind: 'oversize'; megabytes: number; gzip?: boolean };

export type FaultKind = Fault['kind'];
export type FaultOf<Kind extends FaultKind> = Extract<Fault, { kind: Kind }>;
