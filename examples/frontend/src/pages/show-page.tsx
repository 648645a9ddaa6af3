import { useParams } from 'react-router';
import { useQuery } from 'urql';
import { Description } from '../components/description.tsx';
import { EpisodeRow } from '../components/episode-row.tsx';
import { LoadMore } from '../components/load-more.tsx';
import { Failure, Notice } from '../components/notice.tsx';
import { PageHeading, PendingHeading } from '../components/page-heading.tsx';
import { RowList } from '../components/row-list.tsx';
import { ShowCardShow } from '../components/show-card.tsx';
import { count } from '../format.ts';
import { graphql, readFragment } from '../generated/index.ts';
import { useLoadMore } from '../graphql/use-load-more.ts';
import { present } from '../present.ts';
import { MissingPage } from './missing-page.tsx';

// A show contains its newest episodes, so that Spotify sends both with one call.
const showQuery = graphql(`
  query Show($id: ID!, $after: String) {
    show(id: $id) {
      id
      publisher
      description
      totalEpisodes
      ...ShowCardShow
      episodes(first: 20, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            id
            ...EpisodeRowEpisode
          }
        }
      }
    }
  }
`);

const windowSize = 20;

export function ShowPage() {
  const { id = '' } = useParams();
  return <ShowById key={id} id={id} />;
}

function ShowById({ id }: { id: string }) {
  const variables = { id };
  const [{ data, error, fetching }, repeat] = useQuery({ query: showQuery, variables });
  const show = data?.show;
  const connection = show?.episodes;
  const more = useLoadMore(showQuery, variables, connection?.pageInfo);
  const retry = () => repeat({ requestPolicy: 'network-only' });
  const heading = readFragment(ShowCardShow, show);

  if (error && !show) return <Failure isPage error={error} isRetrying={fetching} retry={retry} />;
  if (!show || !heading) return fetching ? <PendingHeading /> : <MissingPage />;
  const episodes = present(connection?.edges.map(({ node }) => node));
  const isComplete = connection != null && more.after === null;
  const left = Math.max(1, (connection?.totalCount ?? windowSize) - episodes.length);
  return (
    <>
      <PageHeading kicker="Show" name={heading.name} images={heading.images} url={heading.externalUrl}>
        {show.publisher && <p>{show.publisher}</p>}
        {show.totalEpisodes !== null && <p>{count(show.totalEpisodes, 'episode')}</p>}
      </PageHeading>
      <Description text={show.description} />
      <section aria-labelledby="episodes" data-complete={isComplete}>
        <h2 id="episodes" className="visually-hidden">
          Episodes
        </h2>
        {error && !connection && <Failure error={error} isRetrying={fetching} retry={retry} />}
        {isComplete && episodes.length === 0 && (
          <Notice title="No episodes">
            <p>Spotify lists none of this show.</p>
          </Notice>
        )}
        <RowList
          label="Episodes"
          pending={more.after !== null && !more.error ? Math.min(left, windowSize) : 0}
          more={more}
        >
          {episodes.map((episode) => (
            <EpisodeRow key={episode.id} episode={episode} />
          ))}
        </RowList>
        <LoadMore more={more} noun="episodes" />
      </section>
    </>
  );
}
