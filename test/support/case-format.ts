import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';

/** The format of a case: the responses of a scripted Spotify, the operations, and the expected results. */

/** One rule of the scripted upstream; of the rules that match a call, the first one is used. */
const rule = z
  .strictObject({
    /** Regular expression on the path behind `/v1`. */
    path: z.string().refine(isRegExp, 'must be a regular expression'),
    /** Query parameters that must be equal. */
    query: z.record(z.string(), z.string()).optional(),
    /** How many calls the rule replies to; without it, to all. */
    times: z.int().positive().optional(),
    status: z.int().min(200).max(599).default(200),
    /** How long after the call the response is sent. */
    delayMs: z.int().nonnegative().optional(),
    body: z.json().optional(),
    raw: z.string().optional(),
    /** Returns a plain object of this kind for every id. */
    echo: z.enum(['artist', 'album', 'track']).optional(),
    /** Sets `limit` and `offset` of the body's pages to those of the request. */
    echoPage: z.boolean().optional(),
  })
  .refine(
    ({ body, raw, echo }) => [body, raw, echo].filter((content) => content !== undefined).length <= 1,
    'has more than one of body, raw and echo',
  )
  .refine(({ body, echoPage }) => !echoPage || body !== undefined, 'has echoPage without a body');

/** The expected result. Every key that is not listed here is a path into `data` with the expected value. */
const right = z
  .object({
    noErrors: z.literal(true).optional(),
    errorCode: z.union([z.string(), z.array(z.string()).nonempty()]).optional(),
    /** The ids of all nodes of a walk, in their order. */
    ids: z.array(z.string()).optional(),
    /** The smallest limit with which the gateway may request pages. */
    lastLimit: z.int().positive().optional(),
    any: z.literal(true).optional(),
    get oneOf() {
      return z.array(right).nonempty().optional();
    },
  })
  .catchall(z.json());

const step = z
  .strictObject({
    query: z.string().optional(),
    /** A query with `$after`, repeated until the connection at `pick` has no next page. */
    walk: z.string().optional(),
    pick: z.string().optional(),
    variables: z.record(z.string(), z.json()).default({}),
    /** The time that passes before the step. */
    waitMs: z.int().nonnegative().default(0),
    right: right.refine((keys) => Object.keys(keys).length > 0, 'expects nothing'),
    note: z.string().optional(),
  })
  .refine(({ query, walk }) => (query === undefined) !== (walk === undefined), 'needs either query or walk')
  .refine(({ walk, pick }) => (walk === undefined) === (pick === undefined), 'needs pick with walk alone')
  .refine(({ walk, right: { ids } }) => walk !== undefined || ids === undefined, 'has ids without a walk');

const caseFormat = z.strictObject({
  id: z.string().optional(),
  source: z.union([z.string(), z.array(z.string())]).optional(),
  what: z.string().optional(),
  note: z.string().optional(),
  env: z.record(z.string(), z.string()).default({}),
  upstream: z.array(rule),
  steps: z.array(step).nonempty(),
});

export type Rule = z.output<typeof rule>;
export type Right = z.output<typeof right>;
export type CaseStep = z.output<typeof step>;
export type Case = z.output<typeof caseFormat>;
/** The same types before defaults are filled in, with any value that can be written as JSON for a body. */
export type WrittenRule = Omit<z.input<typeof rule>, 'body'> & { body?: unknown };
export type WrittenCase = Omit<z.input<typeof caseFormat>, 'upstream'> & { upstream: WrittenRule[] };

/** @throws an error that names each key that is unknown or not as documented */
export function parseCase(written: unknown): Case {
  const parsed = caseFormat.safeParse(written);
  if (parsed.success) return parsed.data;
  throw new Error(`The case is not as documented.\n${z.prettifyError(parsed.error)}`);
}

/** The names of the cases in a folder, without `.json`. */
export const caseNames = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => basename(file, '.json'))
    .sort();

/** @throws as {@link parseCase} */
export const readCase = (folder: string, name: string): Case =>
  parseCase(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')));

function isRegExp(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
