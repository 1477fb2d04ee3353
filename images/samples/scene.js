// The studio in which all sample products are drawn: one wall, one table, one window to the left. Everything that makes the
// pictures look taken on one afternoon lives here: palette, light, shadow, and how a round or a woven surface is shaded.

export const SIZE = 1200;
/** What of the studio the camera sees. */
const FRAME = '110 150 980 980';
export const TABLE_EDGE = 830;

export const PALETTE = {
  sand: '#dcc7a6',
  moss: '#8a9676',
  ink: '#39464f',
  clay: '#b9805c',
  oat: '#e9decb',
  rust: '#b5623f',
  forest: '#4c5f4e',
  flax: '#c9b692',
  indigo: '#3d4c70',
  cream: '#f5eee2',
  walnut: '#7a5638',
  coffee: '#3b261b',
};

const ROOMS = {
  warm: { wall: ['#f3eadd', '#e6d8c5'], table: ['#d9c5aa', '#cbb394'] },
  cool: { wall: ['#e9ece7', '#d6dbd3'], table: ['#c4c8bd', '#b2b7aa'] },
  rose: { wall: ['#f4e6dc', '#e8d2c4'], table: ['#d8b9a6', '#caa691'] },
  dusk: { wall: ['#e4e4e6', '#cfd1d6'], table: ['#b9bcc2', '#a8abb3'] },
};

/** Mixes a colour towards white (amount > 0) or black (amount < 0). */
export function tint(hex, amount) {
  const target = amount > 0 ? 255 : 0;
  const mixed = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16);
    return Math.round(value + (target - value) * Math.abs(amount));
  });
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

export function gradient(id, stops, { x2 = 1, y2 = 0 } = {}) {
  const list = stops.map(([offset, color]) => `<stop offset="${offset}" stop-color="${color}"/>`).join('');
  return `<linearGradient id="${id}" x1="0" y1="0" x2="${x2}" y2="${y2}">${list}</linearGradient>`;
}

/** The light on something round: brightest a third in from the window, a little light coming back at the far edge. */
export function roundShade(id, color) {
  return gradient(id, [
    [0, tint(color, -0.12)],
    [0.28, tint(color, 0.22)],
    [0.55, color],
    [0.92, tint(color, -0.32)],
    [1, tint(color, -0.24)],
  ]);
}

/** The same sequence for the same seed, so that an image build gives the same pictures each time. */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

/** Iron spots as in stoneware glaze, within a box; the caller clips them to the pot. */
export function speckles({ seed, x, y, width, height, color, count = 110 }) {
  const random = randomFrom(seed);
  return Array.from({ length: count }, () => {
    const radius = 1 + random() * random() * 4;
    const cx = x + random() * width;
    const cy = y + random() * height;
    return `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="${radius.toFixed(1)}" fill="${color}" opacity="${(0.2 + random() * 0.4).toFixed(2)}"/>`;
  }).join('');
}

/** What a thing standing on the table throws: a dark line of contact and a soft shadow away from the window. */
export function shadow(cx, cy, rx, ry = rx * 0.13) {
  return `<ellipse cx="${cx + rx * 0.42}" cy="${cy + ry * 0.3}" rx="${rx * 1.25}" ry="${ry * 1.5}" fill="#4a3524" opacity=".26" filter="url(#far)"/>
    <ellipse cx="${cx + 6}" cy="${cy}" rx="${rx * 1.02}" ry="${ry}" fill="#3a281a" opacity=".42" filter="url(#near)"/>`;
}

export function picture({ room = 'warm', table = true, defs = '', body }) {
  const { wall, table: tableColors } = ROOMS[room];
  const tablePlane = table
    ? `<rect y="${TABLE_EDGE}" width="${SIZE}" height="${SIZE - TABLE_EDGE}" fill="url(#table)"/>
       <rect y="${TABLE_EDGE - 3}" width="${SIZE}" height="6" fill="${tint(tableColors[0], 0.25)}" opacity=".8"/>`
    : '';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${FRAME}" width="${SIZE}" height="${SIZE}">
  <defs>
    ${gradient(
      'wall',
      [
        [0, wall[0]],
        [1, wall[1]],
      ],
      { x2: 0.7, y2: 1 },
    )}
    ${gradient(
      'table',
      [
        [0, tableColors[0]],
        [1, tableColors[1]],
      ],
      { x2: 0.2, y2: 1 },
    )}
    <radialGradient id="window" cx=".24" cy=".2" r=".75"><stop offset="0" stop-color="#fff" stop-opacity=".75"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient>
    <filter id="near" x="-50%" y="-150%" width="200%" height="400%"><feGaussianBlur stdDeviation="9"/></filter>
    <filter id="far" x="-60%" y="-250%" width="220%" height="600%"><feGaussianBlur stdDeviation="30"/></filter>
    <filter id="soft" x="-30%" y="-30%" width="160%" height="160%"><feGaussianBlur stdDeviation="14"/></filter>
    ${defs}
  </defs>
  <rect width="${SIZE}" height="${SIZE}" fill="url(#wall)"/>
  <rect width="${SIZE}" height="${SIZE}" fill="url(#window)"/>
  ${tablePlane}
  ${body}
</svg>`;
}
