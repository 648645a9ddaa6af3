import { releaseDate } from '../format.ts';
import { type FragmentType, graphql, readFragment } from '../generated/index.ts';
import { Row } from './row-list.tsx';
import { ExplicitSign } from './track-list.tsx';

export const EpisodeRowEpisode = graphql(`
  fragment EpisodeRowEpisode on Episode {
    id
    name
    externalUrl
    durationMs
    explicit
    releaseDate {
      date
      precision
    }
    images {
      ...ArtworkImage
    }
  }
`);

export function EpisodeRow({ episode }: { episode: FragmentType<typeof EpisodeRowEpisode> }) {
  const { name, externalUrl, durationMs, explicit, images, ...facts } = readFragment(
    EpisodeRowEpisode,
    episode,
  );
  return (
    <Row images={images} artworkOf={name} name={name} url={externalUrl} durationMs={durationMs}>
      {explicit && <ExplicitSign />}
      {releaseDate(facts.releaseDate)}
    </Row>
  );
}
