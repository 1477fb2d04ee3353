// The weaver's corner: cloth hanging from a wooden rail or lying folded on the table.
import { gradient, PALETTE, picture, shadow, tint } from './scene.js';

const RAIL_Y = 250;

function rail() {
  return `<rect x="0" y="${RAIL_Y - 30}" width="1200" height="56" rx="6" fill="#4a3524" opacity=".25" filter="url(#near)" transform="translate(14 26)"/>
    <rect x="-10" y="${RAIL_Y - 34}" width="1220" height="58" fill="url(#wood)"/>
    <rect x="-10" y="${RAIL_Y - 34}" width="1220" height="7" fill="#fff" opacity=".25"/>`;
}

const WOOD = gradient(
  'wood',
  [
    [0, tint(PALETTE.walnut, 0.2)],
    [1, tint(PALETTE.walnut, -0.15)],
  ],
  { x2: 0, y2: 1 },
);

function peg(x) {
  return `<ellipse cx="${x + 10}" cy="${RAIL_Y + 20}" rx="26" ry="26" fill="#3a281a" opacity=".35" filter="url(#near)"/>
    <circle cx="${x}" cy="${RAIL_Y}" r="25" fill="${tint(PALETTE.walnut, 0.1)}"/><circle cx="${x - 5}" cy="${RAIL_Y - 6}" r="15" fill="${tint(PALETTE.walnut, 0.32)}"/>`;
}

/** Folds run down the cloth: dark and light bands, the broader the deeper the fold. */
function folds(id, positions) {
  const bands = positions.map(
    ([x, width, depth]) =>
      `<rect x="${x}" y="0" width="${width}" height="1200" fill="#2a1c10" opacity="${depth}" filter="url(#soft)"/><rect x="${x - width * 1.1}" y="0" width="${width * 0.8}" height="1200" fill="#fff" opacity="${depth * 1.1}" filter="url(#soft)"/>`,
  );
  return `<g clip-path="url(#${id})">${bands.join('')}</g>`;
}

/** Threads, too fine to count but seen as cloth. */
const WEAVE = `<pattern id="weave" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 1.5H6M0 4.5H6" stroke="#fff" stroke-width="1" opacity=".16"/><path d="M1.5 0V6M4.5 0V6" stroke="#2a1c10" stroke-width="1" opacity=".1"/></pattern>`;

export function towel({ color, stripe, pattern, room }) {
  const outline =
    'M404 226 L796 226 C800 460 792 700 806 968 Q700 984 600 970 Q500 984 394 968 C408 700 400 460 404 226 Z';
  const lines =
    pattern === 'check'
      ? [460, 520, 580, 640, 700, 760]
          .map((x) => `<rect x="${x - 34}" y="0" width="14" height="1200" fill="${stripe}" opacity=".7"/>`)
          .join('') +
        Array.from(
          { length: 13 },
          (_, index) => `<rect x="380" y="${246 + index * 60}" width="440" height="14" fill="${stripe}" opacity=".7"/>`,
        ).join('')
      : [
          [430, 10],
          [452, 26],
          [490, 10],
          [700, 10],
          [722, 26],
          [760, 10],
        ]
          .map(([x, width]) => `<rect x="${x}" y="0" width="${width}" height="1200" fill="${stripe}"/>`)
          .join('');
  return picture({
    room,
    table: false,
    defs: `${WOOD}${WEAVE}<clipPath id="cloth"><path d="${outline}"/></clipPath>`,
    body: `${rail()}
      <path d="${outline}" fill="#4a3524" opacity=".3" filter="url(#soft)" transform="translate(34 22)"/>
      <path d="${outline}" fill="${color}"/>
      <g clip-path="url(#cloth)">${lines}<rect width="1200" height="1200" fill="url(#weave)"/>
      <rect x="380" y="930" width="440" height="4" fill="#2a1c10" opacity=".25"/></g>
      ${folds('cloth', [
        [505, 26, 0.2],
        [610, 40, 0.24],
        [735, 30, 0.2],
      ])}
      <g clip-path="url(#cloth)"><rect x="380" y="216" width="440" height="36" fill="#fff" opacity=".22" filter="url(#near)"/><rect x="380" y="262" width="440" height="26" fill="#2a1c10" opacity=".22" filter="url(#near)"/></g>`,
  });
}

export function throwBlanket({ color, room }) {
  const layer = (y, inset, shade) => {
    const left = 250 + inset;
    const right = 950 - inset;
    const fill = tint(color, shade);
    const ribs = Array.from({ length: 34 }, (_, index) => {
      const x = left + 24 + (index * (right - left - 48)) / 33;
      return `<path d="M${x} ${y + 10} q5 52 0 104" stroke="${tint(fill, -0.18)}" stroke-width="4" fill="none" opacity=".55"/>`;
    });
    return `<path d="M${left + 40} ${y} L${right - 40} ${y} Q${right} ${y} ${right} ${y + 62} Q${right} ${y + 124} ${right - 40} ${y + 124} L${left + 40} ${y + 124} Q${left} ${y + 124} ${left} ${y + 62} Q${left} ${y} ${left + 40} ${y} Z" fill="${fill}"/>
      ${ribs.join('')}
      <path d="M${left + 30} ${y + 112} Q600 ${y + 130} ${right - 30} ${y + 112}" stroke="#2a1c10" stroke-width="12" opacity=".28" fill="none" filter="url(#near)"/>
      <path d="M${left + 50} ${y + 16} Q600 ${y + 4} ${right - 50} ${y + 16}" stroke="#fff" stroke-width="16" opacity=".3" fill="none" filter="url(#near)"/>`;
  };
  const fringe = Array.from({ length: 40 }, (_, index) => {
    const x = 300 + index * 15.4;
    const sway = ((index * 37) % 13) - 6;
    return `<path d="M${x} 716 q${sway} 50 ${sway / 2} 96" stroke="${tint(color, index % 2 ? 0.42 : 0.3)}" stroke-width="6" stroke-linecap="round" fill="none"/>`;
  });
  return picture({
    room,
    defs: '',
    body: `${shadow(600, 950, 350, 44)}
      ${layer(830, 0, -0.1)}${layer(714, 14, -0.02)}${layer(598, 26, 0.06)}
      <path d="M286 610 Q286 594 312 592 L888 592 Q914 594 914 610 L914 716 L286 716 Z" fill="${tint(color, 0.1)}"/>
      <path d="M286 640 H914 M286 676 H914" stroke="${PALETTE.cream}" stroke-width="12" opacity=".85"/>
      ${fringe.join('')}
      <path d="M300 606 Q600 590 900 606" stroke="#fff" stroke-width="18" opacity=".32" fill="none" filter="url(#near)"/>`,
  });
}

export function apron({ color, room }) {
  const outline =
    'M496 400 L704 400 C712 520 760 560 850 584 C872 760 872 900 884 1040 Q600 1074 316 1040 C328 900 328 760 350 584 C440 560 488 520 496 400 Z';
  return picture({
    room,
    table: false,
    defs: `${WOOD}${WEAVE}<clipPath id="cloth"><path d="${outline}"/></clipPath>`,
    body: `${rail()}${peg(600)}
      <path d="${outline}" fill="#4a3524" opacity=".3" filter="url(#soft)" transform="translate(34 24)"/>
      <path d="M510 404 C520 320 570 262 600 250 C630 262 680 320 690 404" fill="none" stroke="${tint(color, -0.22)}" stroke-width="22"/>
      <path d="M352 592 C290 640 300 760 262 840 M848 592 C910 640 896 760 940 850" fill="none" stroke="${tint(color, -0.22)}" stroke-width="16" stroke-linecap="round"/>
      <path d="${outline}" fill="${color}"/>
      <g clip-path="url(#cloth)"><rect width="1200" height="1200" fill="url(#weave)"/></g>
      ${folds('cloth', [
        [430, 30, 0.2],
        [590, 22, 0.12],
        [790, 38, 0.22],
      ])}
      <path d="M508 414 L692 414" stroke="${tint(color, 0.35)}" stroke-width="4" stroke-dasharray="12 8"/>
      <path d="M440 700 H760 V850 Q760 886 724 886 H476 Q440 886 440 850 Z" fill="${tint(color, -0.07)}" stroke="${tint(color, -0.3)}" stroke-width="3"/>
      <path d="M452 714 H748 M600 716 V880" stroke="${tint(color, 0.35)}" stroke-width="4" stroke-dasharray="12 8"/>
      <path d="M660 640 L668 800" stroke="${PALETTE.walnut}" stroke-width="20" stroke-linecap="round"/><ellipse cx="656" cy="612" rx="30" ry="44" fill="${PALETTE.walnut}" transform="rotate(-4 656 612)"/>
      <path d="M604 716 H748 V850 Q748 874 724 874 H604 Z" fill="${tint(color, -0.07)}" opacity=".96"/><path d="M604 714 H748" stroke="${tint(color, 0.35)}" stroke-width="4" stroke-dasharray="12 8"/>`,
  });
}

export function tote({ color, mark, room }) {
  const outline = 'M336 520 L864 520 C872 680 878 820 890 1000 Q600 1032 310 1000 C322 820 328 680 336 520 Z';
  return picture({
    room,
    table: false,
    defs: `${WOOD}${WEAVE}<clipPath id="cloth"><path d="${outline}"/></clipPath>`,
    body: `${rail()}${peg(600)}
      <path d="${outline}" fill="#4a3524" opacity=".3" filter="url(#soft)" transform="translate(34 24)"/>
      <path d="M478 540 C490 380 560 262 600 248 C640 262 710 380 722 540" fill="none" stroke="${tint(color, -0.16)}" stroke-width="30"/>
      <path d="M452 540 C460 400 570 270 600 252 C630 270 740 400 748 540" fill="none" stroke="${tint(color, -0.03)}" stroke-width="30"/>
      <path d="${outline}" fill="${color}"/>
      <g clip-path="url(#cloth)"><rect width="1200" height="1200" fill="url(#weave)"/>
        <circle cx="600" cy="740" r="118" fill="${mark}"/>
        <path d="M430 800 C500 760 560 842 620 800 S740 760 790 806 L790 900 L430 900 Z" fill="${color}"/>
        <path d="M452 836 C510 806 560 872 620 836 S730 806 760 836 M482 880 C530 856 570 906 620 880 S710 856 730 880" stroke="${mark}" stroke-width="12" fill="none" stroke-linecap="round"/></g>
      ${folds('cloth', [
        [420, 26, 0.16],
        [690, 34, 0.16],
        [820, 26, 0.18],
      ])}
      <path d="M346 548 H854" stroke="${tint(color, -0.3)}" stroke-width="4" stroke-dasharray="12 8"/>`,
  });
}
