// The roaster's table: a pouch with a printed label, some beans beside it.
import { gradient, PALETTE, picture, randomFrom, shadow, tint } from './scene.js';

const LABELS = {
  daybreak: `<rect width="300" height="360" fill="#f6e7cf"/><circle cx="150" cy="214" r="92" fill="#e0803e"/><path d="M0 214 H300 V360 H0 Z" fill="#b3502c"/><path d="M0 214 H300" stroke="#f6e7cf" stroke-width="6"/>
    <path d="M20 256 H280 M44 288 H256 M74 320 H226" stroke="#f0b27a" stroke-width="9" stroke-linecap="round"/><path d="M150 96 V62 M92 112 L74 82 M208 112 L226 82 M52 152 L24 132 M248 152 L276 132" stroke="#e0803e" stroke-width="9" stroke-linecap="round"/>`,
  guji: `<rect width="300" height="360" fill="#e8eddf"/><path d="M0 360 V236 L84 128 L140 206 L206 96 L300 230 V360 Z" fill="#5d7a62"/><path d="M0 360 V290 L96 214 L176 296 L240 238 L300 292 V360 Z" fill="#3b5646"/>
    <circle cx="72" cy="74" r="34" fill="#d8a13b"/><path d="M206 96 L184 132 L200 142 L214 130 L230 138 Z M84 128 L66 152 L84 162 L102 154 Z" fill="#f6f3e8"/>`,
};

function bean(x, y, turn, size) {
  return `<g transform="translate(${x} ${y}) rotate(${turn}) scale(${size})"><ellipse cx="4" cy="9" rx="27" ry="15" fill="#3a281a" opacity=".4" filter="url(#near)"/>
    <ellipse rx="26" ry="17" fill="#4b2f20"/><ellipse cx="-6" cy="-6" rx="14" ry="6" fill="#8a6044" opacity=".55"/><path d="M-24 0 C-8 -9 8 9 24 0" stroke="#24150d" stroke-width="4" fill="none"/></g>`;
}

export function coffeeBag({ color, label, room }) {
  const random = randomFrom(label.length * 9);
  const beans = Array.from({ length: 16 }, () =>
    bean(190 + random() * 250, 985 + random() * 90, random() * 180, 0.85 + random() * 0.35),
  );
  const more = Array.from({ length: 9 }, () =>
    bean(790 + random() * 240, 1000 + random() * 80, random() * 180, 0.85 + random() * 0.35),
  );
  const outline = 'M398 330 C392 520 366 760 380 960 Q600 992 820 960 C834 760 808 520 802 330 Q600 318 398 330 Z';
  return picture({
    room,
    defs: `${gradient('paper', [
      [0, tint(color, -0.2)],
      [0.16, tint(color, 0.12)],
      [0.5, color],
      [0.84, tint(color, -0.1)],
      [1, tint(color, -0.34)],
    ])}<clipPath id="bag"><path d="${outline}"/></clipPath>`,
    body: `${shadow(600, 960, 225)}
      <path d="${outline}" fill="url(#paper)"/>
      <g clip-path="url(#bag)">
        <path d="M446 330 C470 520 430 760 452 980" stroke="#2a1c10" stroke-width="16" opacity=".2" fill="none" filter="url(#near)"/>
        <path d="M754 330 C730 520 770 760 748 980" stroke="#2a1c10" stroke-width="18" opacity=".26" fill="none" filter="url(#near)"/>
        <path d="M420 400 C414 600 404 760 410 930" stroke="#fff" stroke-width="18" opacity=".3" fill="none" filter="url(#near)"/>
        <path d="M380 940 Q600 972 820 940" stroke="#2a1c10" stroke-width="22" opacity=".22" fill="none" filter="url(#near)"/>
      </g>
      <path d="M388 232 H812 Q822 232 820 246 L808 340 Q600 356 392 340 L380 246 Q378 232 388 232 Z" fill="${tint(color, -0.08)}"/>
      <path d="M384 262 H816 M388 296 H812" stroke="${tint(color, -0.28)}" stroke-width="4" opacity=".7"/>
      <path d="M392 340 Q600 356 808 340" stroke="#2a1c10" stroke-width="14" opacity=".35" fill="none" filter="url(#near)"/>
      <rect x="362" y="272" width="52" height="22" rx="6" fill="#c9a254"/><rect x="786" y="272" width="52" height="22" rx="6" fill="#c9a254"/>
      <circle cx="600" cy="420" r="17" fill="${tint(color, -0.25)}"/><circle cx="600" cy="420" r="8" fill="${tint(color, -0.5)}"/>
      <g transform="translate(450 500)"><rect x="6" y="8" width="300" height="360" fill="#2a1c10" opacity=".25" filter="url(#near)"/><svg width="300" height="360" viewBox="0 0 300 360">${LABELS[label]}</svg>
        <rect width="300" height="360" fill="none" stroke="#fff" stroke-width="3" opacity=".5"/></g>
      ${beans.join('')}${more.join('')}`,
  });
}

export const KRAFT = '#c8a67c';
export const CHARCOAL = tint(PALETTE.ink, 0.04);
