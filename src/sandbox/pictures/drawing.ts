import { createRandom, type Random } from '../catalogue/random.ts';

/** Draws covers and portraits as SVG. Equal arguments produce equal text, on every machine. */

// The drawing has these units at every size in pixels.
const side = 100;
const margin = 7;
const titleSize = 9.5;
const artistSize = 5;
// Characters that fit between the margins.
const longestTitleLine = 13;
const longestArtist = 31;

/** The colours of one picture: two that contrast, and a paper and an ink that the text is readable with. */
interface Palette {
  ground: string;
  firstColour: string;
  secondColour: string;
  ink: string;
}

/**
 * @param seed decides colours and shapes
 * @param pixels width and height of the picture
 */
export function drawCover(seed: string, pixels: number, title: string, artist: string): string {
  const random = createRandom(`cover drawing:${seed}`);
  const palette = drawPalette(random);
  const shapes = random.pick([rings, tiles, stripes, hills, discs])(random, palette);
  const lines = linesOf(title);
  const firstLine = side - margin - artistSize * 1.6 - (lines.length - 1) * titleSize;
  const textLines = lines.map((line, index) => textLine(line, firstLine + index * titleSize, titleSize, 700));
  return picture(pixels, `${title} by ${artist}`, palette, [
    ...shapes,
    rectangle(0, firstLine - titleSize - margin / 2, side, side, palette.ground),
    `<g fill="${palette.ink}" font-family="Helvetica, Arial, sans-serif">`,
    ...textLines,
    textLine(shortened(artist), side - margin, artistSize, 400),
    '</g>',
  ]);
}

/** @param name of the artist, for the description; the drawing shows an outline of a head */
export function drawPortrait(seed: string, pixels: number, name: string): string {
  const random = createRandom(`portrait drawing:${seed}`);
  const palette = drawPalette(random);
  const head = random.between(15, 19);
  const hair = head + random.between(2, 5);
  return picture(pixels, name, palette, [
    circle(50, 46, random.between(34, 44), palette.firstColour),
    circle(50, 40 - random.between(0, 4), hair, palette.ink),
    `<path d="M14 100c0-${random.between(26, 34)} 16-38 36-38s36 8 36 38z" fill="${palette.secondColour}"/>`,
    circle(50, 43, head, palette.ground),
  ]);
}

function drawPalette(random: Random): Palette {
  const hue = random.below(360);
  const otherHue = (hue + random.pick([40, 120, 180, 210])) % 360;
  const isDark = random.chance(1 / 3);
  return isDark
    ? {
        ground: `hsl(${hue} 35% 16%)`,
        firstColour: `hsl(${hue} 55% 48%)`,
        secondColour: `hsl(${otherHue} 65% 62%)`,
        ink: '#fff',
      }
    : {
        ground: `hsl(${hue} 45% 91%)`,
        firstColour: `hsl(${hue} 60% 58%)`,
        secondColour: `hsl(${otherHue} 55% 42%)`,
        ink: '#1d1b22',
      };
}

function rings(random: Random, { firstColour, secondColour, ground }: Palette): string[] {
  const [x, y] = [random.between(25, 75), random.between(25, 50)];
  const step = random.between(6, 10);
  return Array.from({ length: 9 }, (_, ring) =>
    circle(x, y, (9 - ring) * step, [firstColour, ground, secondColour][ring % 3] ?? ground),
  );
}

function tiles(random: Random, { firstColour, secondColour }: Palette): string[] {
  const tile = side / 4;
  return Array.from({ length: 16 }, (_, index) => {
    const [x, y] = [(index % 4) * tile, Math.floor(index / 4) * tile];
    const colour = random.pick([firstColour, secondColour]);
    const rotation = `transform="rotate(${random.pick([0, 90, 180, 270])} ${x + tile / 2} ${y + tile / 2})"`;
    return `<path d="M${x} ${y}h${tile}a${tile} ${tile} 0 0 1-${tile} ${tile}z" fill="${colour}" ${rotation}/>`;
  });
}

function stripes(random: Random, { firstColour, secondColour }: Palette): string[] {
  const width = random.between(5, 11);
  const lean = random.pick([-35, -20, 20, 35]);
  const bars = Array.from({ length: 18 }, (_, index) =>
    rectangle(index * width * 2 - 60, -60, width, 220, random.pick([firstColour, secondColour])),
  );
  return [`<g transform="rotate(${lean} 50 50)">`, ...bars, '</g>'];
}

function hills(random: Random, { firstColour, secondColour, ink }: Palette): string[] {
  const ridge = (top: number, colour: string, opacity: number) =>
    `<path d="M0 ${top}q25-${random.between(6, 24)} 50 0t50 0v100h-100z" fill="${colour}" opacity="${opacity}"/>`;
  return [
    circle(random.between(20, 80), random.between(22, 38), random.between(9, 16), secondColour),
    ridge(52, firstColour, 0.6),
    ridge(62, firstColour, 1),
    ridge(74, ink, 0.55),
  ];
}

function discs(random: Random, { firstColour, secondColour }: Palette): string[] {
  return Array.from({ length: 7 }, () => {
    const colour = random.pick([firstColour, secondColour]);
    return circle(random.between(5, 95), random.between(5, 70), random.between(8, 24), colour, 0.8);
  });
}

const circle = (x: number, y: number, radius: number, colour: string, opacity = 1) =>
  `<circle cx="${x}" cy="${y}" r="${radius}" fill="${colour}"${opacity < 1 ? ` opacity="${opacity}"` : ''}/>`;

const rectangle = (x: number, y: number, width: number, height: number, colour: string) =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${colour}"/>`;

const textLine = (text: string, y: number, size: number, weight: number) =>
  `<text x="${margin}" y="${y}" font-size="${size}" font-weight="${weight}">${escaped(text)}</text>`;

function picture(pixels: number, title: string, { ground }: Palette, content: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${pixels}" height="${pixels}" viewBox="0 0 ${side} ${side}">`,
    `<title>${escaped(title)}</title>`,
    rectangle(0, 0, side, side, ground),
    ...content,
    '</svg>',
  ].join('\n');
}

/** The words of a title in lines that fit, at most three; a longer title ends with an ellipsis. */
function linesOf(title: string): string[] {
  const lines: string[] = [];
  for (const word of title.split(' ').filter(Boolean)) {
    const extendedLine = `${lines.at(-1) ?? ''} ${word}`.trim();
    if (lines.length > 0 && extendedLine.length <= longestTitleLine) lines[lines.length - 1] = extendedLine;
    else lines.push(word);
  }
  return lines.length <= 3 ? lines : [...lines.slice(0, 2), `${lines[2]} …`];
}

const shortened = (artist: string) =>
  artist.length <= longestArtist ? artist : `${artist.slice(0, longestArtist - 1)}…`;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
