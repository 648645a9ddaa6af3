import { type Plugin, processRegularResult } from 'graphql-yoga';
import { BadRequest, type ErrorCode, QueryTooComplex } from '../../errors.ts';
import { bodyTooLargeMessage } from '../../operation/response-errors.ts';
import { maxBodyBytes } from '../../operation/validation.ts';
import { acceptedType, graphqlJson, isPlainJson, plainJson } from '../media-types.ts';
import { errorResponse } from './error-response.ts';

/**
 * Accepts only POST with plain JSON, and GET with a query string of limited length, from clients that accept JSON. Yoga
 * checks the rest. It would execute an operation before it looks at the Accept header, and would also send streams.
 * @param onRejected counts each request that is rejected
 */
export function useRequestFormat(endpoint: string, onRejected: (code: ErrorCode) => void): Plugin {
  return {
    onRequest({ request, url, endResponse, fetchAPI }) {
      if (url.pathname !== endpoint || (request.method !== 'GET' && request.method !== 'POST')) return;
      if (acceptedType(request.headers.get('accept')) === null) {
        const error = new BadRequest(notAcceptable);
        onRejected(error.code);
        return endResponse(errorResponse(fetchAPI, request, 406, error));
      }
      if (request.method === 'GET' && url.search.length > maxBodyBytes) {
        const error = queryStringTooLong(url.search.length);
        onRejected(error.code);
        return endResponse(errorResponse(fetchAPI, request, 414, error));
      }
      if (request.method === 'GET') return;
      if (!isPlainJson(request.headers.get('content-type'), request.headers.get('content-encoding'))) {
        // Any page can send a form; the size of a compressed body is not known.
        const error = new BadRequest(
          'Set the header Content-Type: application/json, and send the body without Content-Encoding.',
        );
        onRejected(error.code);
        return endResponse(errorResponse(fetchAPI, request, 415, error));
      }
      const bytes = Number(request.headers.get('content-length'));
      if (bytes > maxBodyBytes) {
        const error = new QueryTooComplex(bodyTooLargeMessage, { limit: maxBodyBytes, actual: bytes });
        onRejected(error.code);
        endResponse(errorResponse(fetchAPI, request, 413, error));
      }
    },
    onResultProcess({ request, setResultProcessor }) {
      // Yoga takes the first type of the header, whatever its quality.
      const type = acceptedType(request.headers.get('accept'));
      if (type !== null) setResultProcessor(processRegularResult, type);
    },
  };
}

const notAcceptable = `Responses are JSON: accept ${graphqlJson} or ${plainJson} in the Accept header.`;

/** For servers that accept longer headers than the 16 KB of Node. */
const queryStringTooLong = (actual: number) =>
  new QueryTooComplex(`A query string may have at most ${maxBodyBytes} bytes; this one has ${actual}.`, {
    limit: maxBodyBytes,
    actual,
  });
