import './album.ts';
import './artist.ts';
import './node.ts';
import './search.ts';
import './track.ts';
import { specifiedDirectives } from 'graphql';
import type { Context } from '../context.ts';
import { builder } from './builder.ts';
import { mergeDirective } from './composition.ts';
import { takeEarly } from './early.ts';

export const schema = builder.toSchema({
  sortSchema: false,
  directives: [...specifiedDirectives, mergeDirective],
});

takeEarly(schema);

// What the plan refuses is refused at the root, so that nothing of it runs and its siblings keep their data.
for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) {
  const { resolve } = field;
  field.resolve = (root, args, context: Context, info) => {
    const refusal = context.plan?.refused.get(`${info.path.key}`);
    if (refusal) throw refusal;
    return resolve?.(root, args, context, info);
  };
}
