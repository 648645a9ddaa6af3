import './album.ts';
import './artist.ts';
import './node.ts';
import './search.ts';
import './track.ts';
import { specifiedDirectives } from 'graphql';
import { builder } from './builder.ts';
import { mergeDirective } from './composition.ts';
import { takeEarly } from './early.ts';

export const schema = builder.toSchema({
  sortSchema: false,
  directives: [...specifiedDirectives, mergeDirective],
});

takeEarly(schema);
