import type { Random } from './random.ts';

type Words = readonly [string, ...string[]];

const words = (text: string): Words => {
  const [firstWord = '', ...otherWords] = text.trim().split(/\s+/);
  return [firstWord, ...otherWords];
};

const adjectives = words(`
  Amber Bitter Borrowed Broken Candid Crooked Distant Early Electric Faded Feral Gentle Golden Hollow Honest
  Idle Jagged Kind Lonely Lunar Marble Midnight Northern Odd Paper Patient Quiet Restless Salted Silver Slow
  Static Stray Sudden Tender Velvet Vivid Wandering Winter Yellow`);

const nouns = words(`
  Almanac Anchors Balcony Bicycles Bridges Cellar Chandeliers Cinema Compass Corridors Daylight Diesel Echoes
  Embers Ferries Gardens Ghosts Harbour Horizons Islands Juniper Kites Ladders Lanterns Letters Lightning
  Machines Maps Meridian Mirrors Motel Oceans Orchard Parade Pavement Pilots Postcards Quarry Radios Rivers
  Satellites Shadows Signals Staircase Summer Telegrams Thunder Tides Tunnels Umbrellas Weather Windows`);

const firstNames = words(
  'Ada Bruno Celia Dmitri Elif Farah Goran Hana Ines Joao Kofi Lotte Mei Nils Oona Pavel',
);
const lastNames = words(
  'Abara Blom Castellanos Dahl Eriksen Fujita Greco Havel Ito Juarez Kovac Lindqvist Moreau',
);
const genres = words(`
  ambient bossa-nova chamber-pop dream-pop drum-and-bass electro folk funk grunge house indie-rock jazz k-pop
  metal post-punk reggae shoegaze soul synthwave techno`);
const editions = words('Deluxe Expanded Acoustic Live Remastered Instrumental');
const places = words('Lisbon Oslo Seoul Lagos Lima Osaka Turin Tartu Cork Porto Bergen Izmir');

/** The name of an artist; `index` keeps the names of one catalogue apart. */
export function artistName(random: Random, index: number): string {
  const adjective = adjectives[index % adjectives.length] ?? adjectives[0];
  const styles: [() => string, ...(() => string)[]] = [
    () => `The ${adjective} ${random.pick(nouns)}`,
    () => `${adjective} ${random.pick(nouns)}`,
    () => `${random.pick(firstNames)} ${random.pick(lastNames)} & the ${adjective} ${random.pick(nouns)}`,
  ];
  return random.pick(styles)();
}

/** The title of an album. */
export function albumTitle(random: Random): string {
  const title = plainTitle(random);
  return random.chance(0.15) ? `${title} (${random.pick(editions)} Edition)` : title;
}

/** The title of a track. */
export function trackTitle(random: Random): string {
  const title = plainTitle(random);
  return random.chance(0.08) ? `${title} - ${random.pick(editions)}` : title;
}

/** The genres of an artist; a third of the artists have none, as at Spotify. */
export function artistGenres(random: Random): string[] {
  if (random.chance(1 / 3)) return [];
  return [...new Set([random.pick(genres), random.pick(genres)])].map((genre) => genre.replaceAll('-', ' '));
}

/** The label of an album. */
export const labelName = (random: Random): string =>
  `${random.pick(adjectives)} ${random.pick(nouns)} Records`;

function plainTitle(random: Random): string {
  const styles: [() => string, ...(() => string)[]] = [
    () => `${random.pick(adjectives)} ${random.pick(nouns)}`,
    () => `${random.pick(nouns)} in ${random.pick(places)}`,
    () => `The ${random.pick(nouns)}`,
    () => random.pick(nouns),
    () => `${random.pick(nouns)} & ${random.pick(adjectives)} ${random.pick(nouns)}`,
  ];
  return random.pick(styles)();
}

/** The subject of a show. */
export const podcastTopic = (random: Random): string =>
  random.pick(['Gardening', 'Rooms', 'Slow Trains', 'Maps', 'Soup', 'Small Towns', 'Weather', 'Bookbinding']);

/** The title of an episode. */
export const episodeTitle = (random: Random): string => plainTitle(random);

/** The title of an audiobook. */
export const bookTitle = (random: Random): string => `${plainTitle(random)}: A Novel`;

/** The name of an author, a narrator or a user. */
export const personName = (random: Random): string => `${random.pick(firstNames)} ${random.pick(lastNames)}`;

/** The publisher of a show. */
export const publisherName = (random: Random): string =>
  `${random.pick(adjectives)} ${random.pick(nouns)} Media`;

/** The title of a playlist. */
export const playlistTitle = (random: Random): string =>
  `${random.pick(['Songs for', 'Best of', 'Late', 'Road to', 'Soft', 'Loud'])} ${random.pick(nouns)}`;
