import './album.ts';
import './artist.ts';
import './node.ts';
import './search.ts';
import './track.ts';
import { builder } from './builder.ts';

export const schema = builder.toSchema();
