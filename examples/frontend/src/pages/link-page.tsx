import { Navigate } from 'react-router';
import { useQuery } from 'urql';
import { Failure, Notice } from '../components/notice.tsx';
import { PendingHeading } from '../components/page-heading.tsx';
import { graphql } from '../generated/index.ts';
import { MissingPage } from './missing-page.tsx';

// The gateway parses links and URIs of every form, so the page does not.
const linkQuery = graphql(`
  query Link($link: ID!) {
    node(id: $link) {
      __typename
      id
    }
  }
`);

const pages: Partial<Record<string, string>> = {
  Artist: '/artist/',
  Album: '/album/',
  Track: '/track/',
  Show: '/show/',
  Playlist: '/playlist/',
};

export const isLink = (text: string): boolean => /^(spotify:|(https?:\/\/)?open\.spotify\.com\/)/i.test(text);

/** Redirects to the page of the object of a Spotify link or URI. */
export function LinkPage({ link }: { link: string }) {
  const [{ data, error, fetching }, repeat] = useQuery({ query: linkQuery, variables: { link } });
  const node = data?.node;
  const page = pages[node?.__typename ?? ''];

  if (fetching) return <PendingHeading />;
  if (error) {
    const retry = () => repeat({ requestPolicy: 'network-only' });
    return <Failure isPage error={error} isRetrying={fetching} retry={retry} />;
  }
  if (!node) return <MissingPage />;
  if (page) return <Navigate to={page + node.id} replace />;
  return (
    <Notice title="There is no page for this link" isPage>
      <p>Links to artists, albums, tracks, shows and playlists lead on.</p>
    </Notice>
  );
}
