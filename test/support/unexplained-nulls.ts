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

/** Looks for nulls that the schema says to be null only with an error, and that have none. */

type Path = readonly (string | number)[];

interface Response {
  data: unknown;
  errors: readonly { path?: readonly (string | number)[] | undefined }[];
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
  for (const each of document.definitions) {
    if (each.kind === Kind.FRAGMENT_DEFINITION) fragments[each.name.value] = each;
  }
  const operation = document.definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION);
  const query = schema.getQueryType();
  if (!operation || !query) throw new Error('There is no query.');
  const values = { coerced: variables, sources: {} };
  const failed = Array.from(new Set(errors.map(({ path = [] }) => fieldPathOf(path))));
  const found: string[] = [];

  function visitFields(
    type: GraphQLObjectType,
    object: unknown,
    fields: ReturnType<typeof collectFields>,
    path: Path,
  ) {
    for (const [responseName, nodes] of fields.fields as Map<string, FieldNode[]>) {
      const field = type.getFields()[nodes[0]?.name.value ?? ''];
      if (!field) continue; // __typename
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
      if (levels.includes(level) && !isExplained(path)) found.push(path.join('.'));
      return;
    }
    const own = getNullableType(type);
    if (isListType(own)) {
      for (const [index, element] of (value as unknown[]).entries()) {
        visitValue(own.ofType, element, levels, level + 1, nodes, [...path, index]);
      }
      return;
    }
    if (isAbstractType(own) || !isObjectType(own)) return; // what stands below an interface is met elsewhere
    visitFields(own, value, collectSubFields(schema, fragments, values, own, nodes), path);
  }

  /**
   * Whether the value failed, or something that is never null below it. Of many errors of one field only the first are
   * in the response, so the place in a list does not count.
   */
  const isExplained = (path: Path): boolean => {
    const here = fieldPathOf(path);
    return failed.some((each) => each === here || each.startsWith(`${here}.`));
  };

  if (data)
    visitFields(query, data, collectFields(schema, fragments, values, query, operation.selectionSet), []);
  return found;
}

const fieldPathOf = (path: Path): string => path.filter((key) => typeof key === 'string').join('.');

/** Which levels of a field are null only with an error. */
export function levelsOf(extensions: unknown): readonly number[] {
  const { directives } = extensions as { directives?: { semanticNonNull?: { levels?: number[] } } };
  return directives?.semanticNonNull ? (directives.semanticNonNull.levels ?? [0]) : [];
}
