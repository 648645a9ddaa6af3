import { GraphQLError } from 'graphql';
import { BadRequest } from '../errors.ts';
import { overloaded } from '../operation/admission.ts';
import { type MediaType, type SerializedResponse, serializeError } from './response.ts';

type ByMediaType = Readonly<Record<MediaType, SerializedResponse>>;

/** Responses that are serialized once: in a flood of invalid requests the serializing would be most of the work. */
export interface FixedResponses {
  invalidJson: ByMediaType;
  bodyTooLarge: ByMediaType;
  overloaded: ByMediaType;
}

export const createFixedResponses = (mask: (error: unknown) => GraphQLError): FixedResponses => ({
  invalidJson: serializeError(mask(new BadRequest('POST body sent invalid JSON.'))), // in yoga's words
  bodyTooLarge: serializeError(mask(bodyTooLarge())),
  overloaded: serializeError(mask(overloaded())),
});

/** As yoga rejects a body that is larger than its Content-Length may say. */
const bodyTooLarge = () =>
  new GraphQLError('Request body too large', {
    extensions: { code: 'REQUEST_ENTITY_TOO_LARGE', http: { status: 413 } },
  });
