import { Link } from 'react-router';
import { releaseDate, title } from '../format.ts';
import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { present } from '../present.ts';
import { AbsentRow, Row } from './row-list.tsx';
import { ArtistLinks, ExplicitSign } from './track-list.tsx';

export const PlaylistRowItem = graphql(`
  fragment PlaylistRowItem on PlaylistItem {
    addedAt
    isLocal
    item {
      __typename
      ... on Track {
        id
        name
        externalUrl
        durationMs
        explicit
        artists {
          id
          name
        }
        album {
          id
          name
          images {
            ...ArtworkImage
          }
        }
      }
      ... on Episode {
        id
        name
        externalUrl
        durationMs
        explicit
        images {
          ...ArtworkImage
        }
        show {
          id
          name
        }
      }
    }
  }
`);

/** A track or an episode of a playlist. Spotify sends neither for a local file and for an item that was removed. */
export function PlaylistRow({ item: entry }: { item: FragmentType<typeof PlaylistRowItem> }) {
  const { addedAt, isLocal, item } = readFragment(PlaylistRowItem, entry);
  const added = releaseDate({ date: addedAt, precision: 'DAY' });
  const addedText = added && `added ${added}`;

  if (!item) {
    return (
      <AbsentRow name={isLocal ? 'Local file' : 'Not available'}>
        {[isLocal && 'not available on Spotify', addedText].filter(Boolean).join(' · ')}
      </AbsentRow>
    );
  }
  const { name, externalUrl, durationMs, explicit } = item;
  const row = { name, url: externalUrl, durationMs };
  const facts = (
    <>
      {explicit && <ExplicitSign />}
      {item.__typename === 'Track' ? (
        <ArtistLinks artists={present(item.artists)} />
      ) : (
        item.show && <Link to={`/show/${item.show.id}`}>{title(item.show.name)}</Link>
      )}
      {addedText && ` · ${addedText}`}
    </>
  );
  return item.__typename === 'Track' ? (
    <Row
      {...row}
      images={item.album?.images ?? null}
      artworkOf={item.album?.name ?? name}
      to={`/track/${item.id}`}
    >
      {facts}
    </Row>
  ) : (
    <Row {...row} images={item.images} artworkOf={name}>
      {facts}
    </Row>
  );
}
