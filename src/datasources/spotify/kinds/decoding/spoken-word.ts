import type { DecodeOptions } from '../kind.ts';
import { fallbackMarket } from '../markets.ts';
import { booleanPart, enumPart, intPart, type Json, listPart, stringPart } from './json.ts';
import {
  addressOrNull,
  type BaseFields,
  baseFields,
  type Copyright,
  copyright,
  type Decoded,
  type DecodedList,
  type Image,
  images,
  plainText,
  type ReleaseDate,
  releaseDate,
  texts,
} from './values.ts';

/** The properties that the kinds show, audiobook, episode and chapter share. */
export const spokenWordKind = {
  takesMarket: true,
  fallbackMarket,
  fallbackSearchMarket: fallbackMarket,
  isFoundByBareId: false,
  batchSize: 50,
  isFullInSearch: false,
  requiredFields: ['externalUrl', 'description', 'explicit', 'images'],
  unpagedLists: [],
} as const;

/** The values of shows, audiobooks, episodes and chapters. */
export interface SpokenWord extends BaseFields {
  description: Decoded<string>;
  htmlDescription: Decoded<string>;
  languages: DecodedList<string>;
  explicit: Decoded<boolean>;
  images: DecodedList<Image>;
}

/** @throws MalformedResponse as `baseFields` does */
const spokenWord = (json: Json, kind: string, options: DecodeOptions): SpokenWord => ({
  ...baseFields(json, kind, options),
  description: plainText(json, 'description', kind),
  htmlDescription: stringPart(json, 'html_description', kind),
  languages: texts(json, 'languages', kind),
  explicit: booleanPart(json, 'explicit', kind),
  images: images(json, kind),
});

/** The values of shows and audiobooks. */
export interface Series extends SpokenWord {
  publisher: Decoded<string>;
  mediaType: Decoded<'AUDIO' | 'VIDEO' | 'MIXED' | 'OTHER'>;
  copyrights: DecodedList<Copyright>;
}

/** @throws MalformedResponse as `baseFields` does */
export const series = (json: Json, kind: string, options: DecodeOptions): Series => ({
  ...spokenWord(json, kind, options),
  publisher: stringPart(json, 'publisher', kind),
  mediaType: enumPart(json['media_type'], ['AUDIO', 'VIDEO', 'MIXED']),
  copyrights: listPart(json, 'copyrights', kind, copyright),
});

/** The values of episodes and chapters. */
export interface Recording extends SpokenWord {
  audioPreviewUrl: Decoded<string | null>;
  durationMs: Decoded<number>;
  /** Undefined for chapters in most lists. */
  isPlayable: Decoded<boolean>;
  releaseDate: Decoded<ReleaseDate>;
}

/** @throws MalformedResponse as `baseFields` does */
export const recording = (json: Json, kind: string, options: DecodeOptions): Recording => ({
  ...spokenWord(json, kind, options),
  audioPreviewUrl: addressOrNull(json, 'audio_preview_url', kind),
  durationMs: intPart(json, 'duration_ms', kind),
  isPlayable: booleanPart(json, 'is_playable', kind),
  releaseDate: releaseDate(json, kind),
});
