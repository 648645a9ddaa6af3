import { collectFields, collectSubFields } from '@graphql-tools/utils';
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isAbstractType,
  isListType,
  isObjectType,
  Kind,
} from 'graphql';

/** Finds nulls without an error in fields that the schema declares to be null only with an error. */

type Path = readonly (string | number)[];

interface Response {
  data: unknown;
  errors: readonly { path?: Path | undefined; extensions?: Record<string, unknown> }[];
}

/**
 * @param document with one operation
 * @returns the paths of the nulls that no error explains
 */
export function unexplainedNulls(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Record<string, unknown>,
  { data, errors }: Response,
): string[] {
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const query = schema.getQueryType();
  if (!operation || !query) throw new Error('There is no query.');
  const values = { coerced: variables, sources: {} };
  const failed = Array.from(new Set(errors.map(({ path = [] }) => fieldPathOf(path))));
  const fieldOfPath = new Map<string, string>(); // such as `Artist.albums`
  const found: Path[] = [];

  function visitFields(
    type: GraphQLObjectType,
    object: unknown,
    fields: ReturnType<typeof collectFields>,
    path: Path,
  ) {
    for (const [responseName, nodes] of fields.fields as Map<string, FieldNode[]>) {
      const field = type.getFields()[nodes[0]?.name.value ?? ''];
      if (!field) continue; // __typename
      fieldOfPath.set(fieldPathOf([...path, responseName]), `${type.name}.${field.name}`);
      const value = (object as Record<string, unknown>)[responseName];
      const levels = levelsOf(field.extensions);
      visitValue(field.type, value, levels, 0, nodes, [...path, responseName]);
    }
  }

  function visitValue(
    type: GraphQLOutputType,
    value: unknown,
    levels: readonly number[],
    level: number,
    nodes: FieldNode[],
    path: Path,
  ): void {
    if (value === null || value === undefined) {
      if (levels.includes(level) && !isExplained(path)) found.push(path);
      return;
    }
    const nullableType = getNullableType(type);
    if (isListType(nullableType)) {
      for (const [index, element] of (value as unknown[]).entries()) {
        visitValue(nullableType.ofType, element, levels, level + 1, nodes, [...path, index]);
      }
      return;
    }
    if (isAbstractType(nullableType) || !isObjectType(nullableType)) return; // not checked below interfaces
    visitFields(nullableType, value, collectSubFields(schema, fragments, values, nullableType, nodes), path);
  }

  /**
   * Whether the value failed, or a non-null value below it. A response contains only the first of many errors of one field,
   * so list indices are ignored.
   */
  const isExplained = (path: Path): boolean => {
    const fieldPath = fieldPathOf(path);
    return failed.some((failedPath) => failedPath === fieldPath || failedPath.startsWith(`${fieldPath}.`));
  };

  if (data)
    visitFields(query, data, collectFields(schema, fragments, values, query, operation.selectionSet), []);
  // Of many errors of one field, whatever its aliases, a response contains the first ones and the number of the others.
  const omittedFields = errors
    .filter(({ extensions }) => Number(extensions?.['omitted'] ?? 0) > 0)
    .map(({ path = [] }) => fieldOfPath.get(fieldPathOf(path)));
  return found
    .filter((path) => !omittedFields.includes(fieldOfPath.get(fieldPathOf(path))))
    .map((path) => path.join('.'));
}

const fieldPathOf = (path: Path): string => path.filter((key) => typeof key === 'string').join('.');

/** Which levels of a field are null only with an error. */
export function levelsOf(extensions: unknown): readonly number[] {
  const { directives } = extensions as { directives?: { semanticNonNull?: { levels?: number[] } } };
  return directives?.semanticNonNull ? (directives.semanticNonNull.levels ?? [0]) : [];
}
