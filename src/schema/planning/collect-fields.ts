import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { QueryTooComplex } from '../../errors.ts';
import { getOrCreate } from '../../maps.ts';

type Variables = Readonly<Record<string, unknown>>;

// Maximum visits of selections. An operation of 2,000 tokens has some hundreds of selections, which are visited once for
// each type of an interface. Only an attack that merges fragments in many ways reaches the limit, after some 5 ms.
const maxSteps = 50_000;

/** Collects the fields of selections as GraphQL.js does when it executes them, and counts its steps. */
export function createCollect(
  schema: GraphQLSchema,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  variables: Variables,
) {
  let steps = 0;

  return (type: GraphQLObjectType, sets: readonly (SelectionSetNode | undefined)[]) => {
    const fields = new Map<string, FieldNode[]>();
    const spread = new Set<string>();

    function add({ selections }: SelectionSetNode): void {
      for (const selection of selections) {
        steps += 1;
        if (steps > maxSteps) throw tooManySelections(steps);
        if (isSelected(selection, variables)) addSelection(selection);
      }
    }

    function addSelection(selection: SelectionNode): void {
      if (selection.kind === Kind.FIELD) {
        const name = (selection.alias ?? selection.name).value;
        getOrCreate(fields, name, () => []).push(selection);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (applies(selection.typeCondition?.name.value)) add(selection.selectionSet);
      } else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        if (fragment && applies(fragment.typeCondition.name.value)) add(fragment.selectionSet);
      }
    }

    function applies(name: string | undefined): boolean {
      if (name === undefined || name === type.name) return true;
      const condition = schema.getType(name);
      return isAbstractType(condition) && schema.isSubType(condition, type);
    }

    for (const set of sets) if (set) add(set);
    return fields;
  };
}

/** The values of `@skip` and `@include`. */
function isSelected(node: SelectionNode, variables: Variables): boolean {
  if (!node.directives || node.directives.length === 0) return true;
  return (
    getDirectiveValues(GraphQLSkipDirective, node, variables)?.['if'] !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variables)?.['if'] !== false
  );
}

const tooManySelections = (actual: number) =>
  new QueryTooComplex('The fragments of the operation are merged in too many ways.', {
    limit: maxSteps,
    actual,
  });
