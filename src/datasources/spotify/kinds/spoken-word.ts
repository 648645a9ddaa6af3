import { booleanPart, type Json, stringPart } from './json.ts';
import type { DecodeOptions } from './kind.ts';
import { plainText, texts } from './texts.ts';
import { type BaseFields, baseFields, type Image, images, type Sent, type SentList } from './values.ts';

/** The values that shows, audiobooks and their parts have in common. */
export interface SpokenWord extends BaseFields {
  description: Sent<string>;
  htmlDescription: Sent<string>;
  languages: SentList<string>;
  explicit: Sent<boolean>;
  images: SentList<Image>;
}

/** @throws MalformedResponse as `baseFields` does */
export const spokenWord = (json: Json, kind: string, options: DecodeOptions): SpokenWord => ({
  ...baseFields(json, kind, options),
  description: plainText(json, 'description', kind),
  htmlDescription: stringPart(json, 'html_description', kind),
  languages: texts(json, 'languages', kind),
  explicit: booleanPart(json, 'explicit', kind),
  images: images(json, kind),
});
