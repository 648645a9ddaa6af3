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
      const { method, headers } = request;
      if (url.pathname !== endpoint || (method !== 'GET' && method !== 'POST')) return;
      const reject = (status: number, error: BadRequest | QueryTooComplex): void => {
        onRejected(error.code);
        endResponse(errorResponse(fetchAPI, request, status, error));
      };
      if (acceptedType(headers.get('accept')) === null) return reject(406, new BadRequest(notAcceptable));
      if (method === 'GET') {
        if (url.search.length > maxBodyBytes) reject(414, queryStringTooLong(url.search.length));
        return;
      }
      if (!isPlainJson(headers.get('content-type'), headers.get('content-encoding')))
        return reject(415, new BadRequest(notPlainJson));
      const bytes = Number(headers.get('content-length'));
      if (bytes > maxBodyBytes) reject(413, bodyTooLong(bytes));
    },
    onResultProcess({ request, setResultProcessor }) {
      // Yoga takes the first type of the header, whatever its quality.
      const type = acceptedType(request.headers.get('accept'));
      if (type !== null) setResultProcessor(processRegularResult, type);
    },
  };
}

const notAcceptable = `Responses are JSON: accept ${graphqlJson} or ${plainJson} in the Accept header.`;

// Any page can send a form; the size of a compressed body is not known.
const notPlainJson =
  'Set the header Content-Type: application/json, and send the body without Content-Encoding.';

const bodyTooLong = (actual: number) =>
  new QueryTooComplex(bodyTooLargeMessage, { limit: maxBodyBytes, actual });

/** For servers that accept longer headers than the 16 KB of Node. */
const queryStringTooLong = (actual: number) =>
  new QueryTooComplex(`A query string may have at most ${maxBodyBytes} bytes; this one has ${actual}.`, {
    limit: maxBodyBytes,
    actual,
  });
