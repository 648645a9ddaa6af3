/** Charts as SVG that read well on light and dark pages. */

const colours = ['#1db954', '#6b7280', '#9ca3af', '#d97706', '#7c3aed', '#0891b2', '#be185d', '#65a30d'];
const size = { bar: 20, gap: 28, left: 44, top: 52, height: 220, bottom: 30 };

/**
 * @param groups `{ label, values }`, a value for each series; null where there is none
 * @param reference a value that gets a line of its own
 */
export function barChart({ title, series, groups, reference, unit = '' }) {
  const { bar, gap, left, top, height } = size;
  const most = Math.max(...groups.flatMap(({ values }) => values.map((value) => value ?? 0)), reference ?? 0);
  const y = (value) => top + height - (value / most) * height;
  const groupWidth = series.length * bar + gap;
  const width = left + groups.length * groupWidth;

  const bars = groups.flatMap(({ label, values }, group) => {
    const x = left + group * groupWidth;
    return [
      ...values.map((value, i) =>
        value === null
          ? ''
          : barAt({ x: x + i * bar, y: y(value), value, colour: colours[i], base: top + height }),
      ),
      text(x + (series.length * bar) / 2, top + height + 20, label, 'middle'),
    ];
  });
  const line =
    reference === undefined
      ? ''
      : `<line x1="${left}" x2="${width}" y1="${y(reference)}" y2="${y(reference)}" stroke="#888" stroke-dasharray="4 3"/>` +
        text(left - 4, y(reference) + 4, `${reference}${unit}`, 'end');

  return page({ title, width, content: [...legendOf(series, width), ...bars, line] });
}

const step = 10; // pixels from one value to the next

/**
 * @param series `{ name, values }`, all of the same length
 * @param labelEvery how many values apart the labels of the horizontal axis are
 */
export function lineChart({ title, series, labelEvery }) {
  const { left, top, height } = size;
  const most = Math.max(...series.flatMap(({ values }) => values));
  const count = series[0].values.length;
  const width = left + count * step;
  const x = (i) => left + i * step;
  const y = (value) => top + height - (value / most) * height;

  const lines = series.map(({ values }, i) => {
    const points = values.map((value, n) => `${x(n)},${y(value).toFixed(1)}`).join(' ');
    return `<polyline points="${points}" fill="none" stroke="${colours[i]}" stroke-width="1.5"/>`;
  });
  const labels = [
    ...[0, most].map((value) => text(left - 4, y(value) + 4, String(value), 'end')),
    ...Array.from({ length: Math.ceil(count / labelEvery) }, (_, i) =>
      text(x(i * labelEvery), top + height + 20, String(i * labelEvery), 'middle'),
    ),
  ];
  const names = series.map(({ name }) => name);
  return page({ title, width, content: [...legendOf(names, width), ...lines, ...labels] });
}

/** @param series `{ name, points }` with points `[x, y]`; both axes begin at 0 and are linear */
export function pointChart({ title, series }) {
  const { left, top, height } = size;
  const width = 560;
  const all = series.flatMap(({ points }) => points);
  const [mostX, mostY] = [0, 1].map((axis) => Math.max(...all.map((point) => point[axis])));
  const x = (value) => left + (value / mostX) * (width - left - 20);
  const y = (value) => top + height - (value / mostY) * height;
  const lines = series.flatMap(({ points }, i) => {
    const places = points.map(([px, py]) => [x(px).toFixed(1), y(py).toFixed(1)]);
    return [
      `<polyline points="${places.map((place) => place.join(',')).join(' ')}" fill="none" stroke="${colours[i]}" stroke-width="1.5"/>`,
      ...places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colours[i]}"/>`),
    ];
  });
  const labels = [
    ...[0, mostY].map((value) => text(left - 4, y(value) + 4, value === 0 ? '0' : shown(value), 'end')),
    ...series[0].points.map(([value]) => text(x(value), top + height + 20, String(value), 'middle')),
  ];
  const names = series.map(({ name }) => name);
  return page({ title, width, content: [...legendOf(names, width), ...lines, ...labels] });
}

const legendOf = (names, width) =>
  names.map((name, i) => {
    const x = size.left + i * ((width - size.left) / names.length);
    return `<rect x="${x.toFixed(1)}" y="30" width="10" height="10" fill="${colours[i]}"/>${text(x + 14, 39, name)}`;
  });

const page = ({ title, width, content }) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${size.top + size.height + size.bottom}" font-family="sans-serif" font-size="11" role="img">
<title>${title}</title>
<style>text { fill: #333 } @media (prefers-color-scheme: dark) { text { fill: #ddd } }</style>
${text(size.left, 16, title)}
${content.join('\n')}
</svg>
`;

const shown = (value) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

function barAt({ x, y, value, colour, base }) {
  const width = size.bar - 3;
  return (
    `<rect x="${x}" y="${y.toFixed(1)}" width="${width}" height="${(base - y).toFixed(1)}" fill="${colour}"/>` +
    `<text x="${x + width / 2}" y="${(y - 3).toFixed(1)}" text-anchor="middle" font-size="8">${shown(value)}</text>`
  );
}

const text = (x, y, content, anchor = 'start') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${content}</text>`;
