import { collectSubFields } from '@graphql-tools/utils';
import { type GraphQLObjectType, type GraphQLResolveInfo, getNamedType } from 'graphql';

/** Whether the field's selection asks for any of these fields of its (object) type. */
export function selects(info: GraphQLResolveInfo, ...names: string[]): boolean {
  const { schema, fragments, variableValues, fieldNodes } = info;
  const type = getNamedType(info.returnType) as GraphQLObjectType;
  const { fields } = collectSubFields(schema, fragments, variableValues, type, [...fieldNodes]);
  return [...fields.values()].some(([node]) => node !== undefined && names.includes(node.name.value));
}
