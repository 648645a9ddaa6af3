import type { Plugin } from 'graphql-yoga';
import { BadRequest } from '../../errors.ts';
import type { Manifest } from '../../operation/trusted-documents.ts';
import { isObject, withDocument, withoutUnknown } from '../operation-params.ts';

/** Ignores the properties of a request that GraphQL over HTTP does not know; yoga would reject the request. */
export const useKnownParams: Plugin = {
  onParams({ params, setParams }) {
    if (isObject(params)) setParams(withoutUnknown(params));
  },
};

/** Executes the documents of the manifest, named by their hashes, and nothing else. */
export const useTrustedDocuments = (manifest: Manifest): Plugin => ({
  onParams({ params, setParams }) {
    setParams(withDocument(manifest, params));
  },
});

/** Without a manifest, a GET with the text of a document is for trying things out, not for production. */
export const useNoTextOverGet: Plugin = {
  onParams({ request, params }) {
    if (request.method !== 'GET' || !params.query) return;
    throw new BadRequest('GET is for trusted documents; send others as POST.');
  },
};
