import { readFileSync } from 'node:fs';
import { type Document, OpenAPIBackend } from 'openapi-backend';
import { parse } from 'yaml';

/** A difference between a response and the document. */
export interface Difference {
  fault: string;
  key: string;
  /** The path in the response, such as `/items/0/album_type`. */
  at: string;
}

/** The parts of a schema that this file reads. */
interface Schema {
  $ref?: string;
  allOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  items?: Schema;
}

/** Creates the check of responses against one of Spotify's API documents. */
export async function createCheck(file: string) {
  const document = parse(readFileSync(file, 'utf8')) as Document;
  const backend = new OpenAPIBackend({
    definition: document,
    quick: true,
    strict: false,
    // One fault must not hide the next.
    ajvOpts: { strict: false, allErrors: true },
  });
  await backend.init();

  const resolve = (schema: Schema): Schema => {
    if (schema.$ref === undefined) return schema;
    const keys = schema.$ref.slice('#/'.length).split('/');
    const found = keys.reduce<unknown>((holder, key) => Reflect.get(holder as object, key), document);
    return resolve(found as Schema);
  };

  /** Every schema that describes the same value, through `allOf` and `oneOf`. */
  const alternatives = (schema: Schema): Schema[] => {
    const resolved = resolve(schema);
    return [resolved, ...[...(resolved.allOf ?? []), ...(resolved.oneOf ?? [])].flatMap(alternatives)];
  };

  const undescribed = (value: unknown, schemas: Schema[], at: string): Difference[] => {
    if (Array.isArray(value)) {
      const items = schemas.flatMap(({ items }) => (items ? alternatives(items) : []));
      return value.flatMap((entry, index) => undescribed(entry, items, `${at}/${index}`));
    }
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, entry]) => {
      const found = schemas.flatMap(({ properties }) => properties?.[key] ?? []);
      if (found.length === 0) return [{ fault: 'undescribed', key, at: `${at}/${key}` }];
      return undescribed(entry, found.flatMap(alternatives), `${at}/${key}`);
    });
  };

  /** All differences between a 200 of the operation and the document. */
  return (body: unknown, operationId: string): Difference[] => {
    const { errors } = backend.validateResponse(body, operationId, 200);
    const operation = backend.router.getOperation(operationId);
    const response = resolve((operation?.responses?.['200'] ?? {}) as Schema) as {
      content?: Record<string, { schema?: Schema }>;
    };
    const schema = response.content?.['application/json']?.schema;
    if (!schema) throw new Error(`the document has no 200 for ${operationId}`);
    return [...(errors ?? []).map(toDifference), ...undescribed(body, alternatives(schema), '')];
  };
}

function toDifference({
  keyword,
  instancePath,
  params,
}: {
  keyword: string;
  instancePath: string;
  params: object;
}) {
  const missing: unknown = Reflect.get(params, 'missingProperty');
  if (keyword === 'required') return { fault: 'missing', key: String(missing), at: instancePath || '/' };
  const [key = ''] = instancePath.split('/').slice(-1);
  return { fault: keyword, key, at: instancePath };
}
