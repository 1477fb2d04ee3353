// The potter's shelf: stoneware with an unglazed foot, drawn from paths around one vertical axis.
import { gradient, PALETTE, picture, randomFrom, roundShade, shadow, speckles, tint } from './scene.js';

const CLAY = PALETTE.clay;

function glazed(color) {
  return {
    defs: `${roundShade('glaze', color)}${roundShade('foot', CLAY)}${gradient('inside', [
      [0, tint(color, -0.45)],
      [0.7, tint(color, -0.12)],
      [1, tint(color, 0.1)],
    ])}`,
    rim: tint(color, 0.28),
    spot: tint(color, color === PALETTE.ink ? 0.55 : -0.6),
  };
}

export function mug({ color, room }) {
  const { defs, rim, spot } = glazed(color);
  const outline =
    'M372 470 C372 640 380 800 410 905 Q420 948 470 952 L690 952 Q740 948 750 905 C780 800 788 640 788 470 Z';
  return picture({
    room,
    defs: `${defs}<clipPath id="body"><path d="${outline}"/></clipPath>`,
    body: `${shadow(590, 950, 215)}
      <path d="M778 560 C930 530 960 800 766 838" fill="none" stroke="url(#glaze)" stroke-width="50" stroke-linecap="round"/>
      <path d="M778 552 C912 528 940 770 776 822" fill="none" stroke="${rim}" stroke-width="7" opacity=".5" stroke-linecap="round"/>
      <path d="${outline}" fill="url(#glaze)"/>
      <g clip-path="url(#body)">
        <path d="M340 880 C480 906 680 906 820 880 L820 980 L340 980 Z" fill="url(#foot)"/>
        <path d="M340 878 C480 904 680 904 820 878" fill="none" stroke="${tint(color, -0.4)}" stroke-width="4" opacity=".5"/>
        ${speckles({ seed: 7, x: 370, y: 490, width: 420, height: 380, color: spot })}
        <path d="M432 500 C430 640 438 760 452 860" stroke="#fff" stroke-width="26" stroke-linecap="round" fill="none" opacity=".2" filter="url(#near)"/>
      </g>
      <ellipse cx="580" cy="470" rx="208" ry="58" fill="${rim}"/>
      <ellipse cx="580" cy="472" rx="192" ry="48" fill="url(#inside)"/>
      <clipPath id="mouth"><ellipse cx="580" cy="472" rx="192" ry="48"/></clipPath>
      <g clip-path="url(#mouth)"><ellipse cx="580" cy="500" rx="180" ry="44" fill="${PALETTE.coffee}"/>
      <ellipse cx="580" cy="500" rx="172" ry="39" fill="none" stroke="#8a5a36" stroke-width="6" opacity=".7"/></g>
      <path d="M520 400 C490 340 560 310 530 240 M610 396 C585 345 650 300 622 228" fill="none" stroke="#fff" stroke-width="18" stroke-linecap="round" opacity=".38" filter="url(#near)"/>`,
  });
}

export function bowl({ color, room }) {
  const { defs, rim, spot } = glazed(color);
  const outline = 'M262 600 C270 790 400 918 520 930 L680 930 C800 918 930 790 938 600 Z';
  return picture({
    room,
    defs: `${defs}<clipPath id="body"><path d="${outline}"/></clipPath><clipPath id="mouth"><ellipse cx="600" cy="602" rx="322" ry="88"/></clipPath>`,
    body: `${shadow(600, 962, 200)}
      <path d="M494 915 L500 962 Q600 986 700 962 L706 915 Z" fill="url(#foot)"/>
      <path d="${outline}" fill="url(#glaze)"/>
      <g clip-path="url(#body)">
        ${speckles({ seed: 21, x: 270, y: 620, width: 660, height: 300, color: spot, count: 150 })}
        <path d="M340 660 C360 770 420 840 480 880" stroke="#fff" stroke-width="30" stroke-linecap="round" fill="none" opacity=".2" filter="url(#near)"/>
      </g>
      <ellipse cx="600" cy="600" rx="338" ry="98" fill="${rim}"/>
      <ellipse cx="600" cy="602" rx="322" ry="88" fill="url(#inside)"/>
      <g clip-path="url(#mouth)"><ellipse cx="610" cy="668" rx="262" ry="80" fill="${PALETTE.cream}"/>${berries()}</g>`,
  });
}

function berries() {
  const random = randomFrom(5);
  const fruit = Array.from({ length: 15 }, (_, index) => {
    const x = 440 + random() * 330;
    const y = 618 + random() * 44;
    const color = index % 3 === 0 ? '#a33b3f' : '#46456e';
    const radius = 17 + random() * 8;
    return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${color}"/><circle cx="${x - 6}" cy="${y - 6}" r="${radius * 0.3}" fill="#fff" opacity=".45"/>`;
  });
  const oats = Array.from({ length: 26 }, () => {
    const x = 400 + random() * 420;
    const y = 612 + random() * 62;
    return `<ellipse cx="${x}" cy="${y}" rx="13" ry="7" fill="#cfa568" transform="rotate(${random() * 180} ${x} ${y})"/>`;
  });
  return oats.join('') + fruit.join('');
}

function plateAt(cx, cy, rx, color, spot, seed) {
  const ry = rx * 0.33;
  return `<ellipse cx="${cx}" cy="${cy + 22}" rx="${rx * 0.98}" ry="${ry}" fill="${tint(color, -0.38)}"/>
    <ellipse cx="${cx}" cy="${cy}" rx="${rx}" ry="${ry}" fill="url(#glaze)"/>
    <ellipse cx="${cx}" cy="${cy}" rx="${rx - 5}" ry="${ry - 4}" fill="none" stroke="${CLAY}" stroke-width="7" opacity=".75"/>
    <ellipse cx="${cx}" cy="${cy + 7}" rx="${rx * 0.7}" ry="${ry * 0.66}" fill="${tint(color, -0.16)}" filter="url(#near)" opacity=".7"/>
    <ellipse cx="${cx}" cy="${cy + 11}" rx="${rx * 0.67}" ry="${ry * 0.62}" fill="${tint(color, 0.12)}"/>
    <clipPath id="plate${seed}"><ellipse cx="${cx}" cy="${cy}" rx="${rx}" ry="${ry}"/></clipPath>
    <g clip-path="url(#plate${seed})">${speckles({ seed, x: cx - rx, y: cy - ry, width: rx * 2, height: ry * 2, color: spot, count: 190 })}
    <ellipse cx="${cx - rx * 0.45}" cy="${cy - ry * 0.35}" rx="${rx * 0.36}" ry="${ry * 0.22}" fill="#fff" opacity=".35" filter="url(#soft)"/></g>`;
}

export function plate({ color, room, count = 1 }) {
  const { defs, spot } = glazed(color);
  const top = 880 - (count - 1) * 62;
  const stack = Array.from({ length: count }, (_, index) =>
    plateAt(600, 880 - index * 62, 420, color, spot, 31 + index),
  );
  const sprig = `<g transform="translate(560 ${top - 6}) rotate(-14)"><path d="M-150 30 C-60 -6 60 -16 190 -6" stroke="#5f6d4c" stroke-width="7" fill="none" stroke-linecap="round"/>
    ${[-100, -50, 0, 50, 100, 150].map((x, index) => `<ellipse cx="${x}" cy="${index % 2 ? 18 : -26}" rx="34" ry="13" fill="${index % 2 ? '#7c8a62' : '#8f9c76'}" transform="rotate(${index % 2 ? 38 : -42} ${x} ${index % 2 ? 18 : -26})"/>`).join('')}</g>`;
  return picture({ room, defs, body: `${shadow(600, 950, 400, 60)}${stack.join('')}${sprig}` });
}

export function dripper({ color, room }) {
  const { defs, rim, spot } = glazed(color);
  const cone = 'M366 330 C392 460 470 560 532 606 L668 606 C730 560 808 460 834 330 Z';
  const glass =
    'M470 640 C440 720 372 800 372 886 Q374 950 450 954 L750 954 Q826 950 828 886 C828 800 760 720 730 640 Z';
  return picture({
    room,
    defs: `${defs}<clipPath id="cone"><path d="${cone}"/></clipPath><clipPath id="glass"><path d="${glass}"/></clipPath>`,
    body: `${shadow(600, 950, 245)}
      <path d="${glass}" fill="#fff" opacity=".34"/>
      <g clip-path="url(#glass)"><path d="M340 800 C460 822 740 822 860 800 L860 980 L340 980 Z" fill="${PALETTE.coffee}" opacity=".93"/>
        <ellipse cx="600" cy="806" rx="224" ry="24" fill="#5c3c28"/>
        <path d="M430 860 Q424 900 440 930" stroke="#fff" stroke-width="16" stroke-linecap="round" fill="none" opacity=".35"/></g>
      <path d="${glass}" fill="none" stroke="#fff" stroke-width="7" opacity=".75"/>
      <path d="M446 716 C412 770 398 800 396 850" stroke="#fff" stroke-width="18" stroke-linecap="round" fill="none" opacity=".7"/>
      <path d="M822 400 C930 390 930 520 770 522" fill="none" stroke="url(#glaze)" stroke-width="36" stroke-linecap="round"/>
      <path d="M424 622 Q424 600 452 600 L748 600 Q776 600 776 622 Q776 646 748 646 L452 646 Q424 646 424 622 Z" fill="url(#glaze)"/>
      <path d="${cone}" fill="url(#glaze)"/>
      <g clip-path="url(#cone)">${speckles({ seed: 13, x: 366, y: 350, width: 470, height: 260, color: spot })}
        <path d="M424 370 C450 460 490 520 530 560" stroke="#fff" stroke-width="24" stroke-linecap="round" fill="none" opacity=".22" filter="url(#near)"/></g>
      <ellipse cx="600" cy="330" rx="234" ry="62" fill="${rim}"/>
      <ellipse cx="600" cy="332" rx="218" ry="52" fill="url(#inside)"/>
      <path d="M390 334 L400 268 Q600 214 800 268 L810 334 Q600 396 390 334 Z" fill="${PALETTE.cream}"/>
      <path d="M400 268 Q600 214 800 268 Q600 326 400 268 Z" fill="${tint(PALETTE.cream, -0.1)}"/>
      <ellipse cx="600" cy="281" rx="142" ry="19" fill="${PALETTE.coffee}"/><ellipse cx="590" cy="278" rx="70" ry="7" fill="#8a5a36" opacity=".6"/>
      <path d="M400 268 Q600 326 800 268" fill="none" stroke="#fff" stroke-width="5"/>
      <path d="M600 300 L600 362" stroke="${tint(PALETTE.cream, -0.14)}" stroke-width="4"/>`,
  });
}

function stem(x, y, height, lean, seed) {
  const random = randomFrom(seed);
  const topX = x + lean;
  const buds = Array.from({ length: 13 }, (_, index) => {
    const along = 0.34 + (index / 13) * 0.66;
    const bx = x + lean * along * along + (random() - 0.5) * 74;
    const by = y - height * along + (random() - 0.5) * 30;
    return `<path d="M${x + lean * along * along} ${y - height * (along - 0.05)} L${bx} ${by}" stroke="#a98d62" stroke-width="3"/><ellipse cx="${bx}" cy="${by}" rx="11" ry="17" fill="${index % 2 ? '#d8b880' : '#c79f66'}" transform="rotate(${(random() - 0.5) * 70} ${bx} ${by})"/>`;
  });
  return `<path d="M${x} ${y} Q${x + lean * 0.2} ${y - height * 0.6} ${topX} ${y - height}" stroke="#a98d62" stroke-width="5" fill="none"/>${buds.join('')}`;
}

export function vase({ color, room, tall = false }) {
  const { defs, rim, spot } = glazed(color);
  const lift = tall ? 0 : 150;
  const outline = `M556 ${420 + lift} C556 ${510 + lift} 430 ${600 + lift / 2} 430 ${760 + lift / 4} C430 880 480 946 540 952 L660 952 C720 946 770 880 770 ${760 + lift / 4} C770 ${600 + lift / 2} 644 ${510 + lift} 644 ${420 + lift} Z`;
  return picture({
    room,
    defs: `${defs}<clipPath id="body"><path d="${outline}"/></clipPath>`,
    body: `${shadow(600, 950, 150)}
      ${stem(596, 440 + lift, 230 + lift, -90, 3)}${stem(604, 440 + lift, 256 + lift, 60, 11)}${stem(600, 440 + lift, 190 + lift, 150, 17)}
      <path d="${outline}" fill="url(#glaze)"/>
      <g clip-path="url(#body)"><path d="M400 890 C520 914 680 914 800 890 L800 980 L400 980 Z" fill="url(#foot)"/>
        ${speckles({ seed: 41, x: 430, y: 480, width: 340, height: 410, color: spot })}
        <path d="M512 ${640 + lift / 2} C476 720 480 800 500 860" stroke="#fff" stroke-width="26" stroke-linecap="round" fill="none" opacity=".24" filter="url(#near)"/></g>
      <ellipse cx="600" cy="${420 + lift}" rx="46" ry="14" fill="${rim}"/><ellipse cx="600" cy="${421 + lift}" rx="36" ry="9" fill="url(#inside)"/>`,
  });
}

export function teapot({ color, room }) {
  const { defs, rim, spot } = glazed(color);
  const outline =
    'M560 520 C400 530 316 640 316 750 C316 870 420 946 520 952 L660 952 C770 946 864 870 864 750 C864 640 780 530 620 520 Z';
  return picture({
    room,
    defs: `${defs}<clipPath id="body"><path d="${outline}"/></clipPath>`,
    body: `${shadow(600, 950, 270)}
      <path d="M400 560 C380 300 800 300 780 560" fill="none" stroke="${PALETTE.walnut}" stroke-width="34" stroke-linecap="round"/>
      <path d="M404 540 C392 316 760 300 776 520" fill="none" stroke="${tint(PALETTE.walnut, 0.35)}" stroke-width="7" stroke-linecap="round" opacity=".7"/>
      <path d="M820 690 C900 690 900 600 968 560 L1012 590 C960 640 950 800 826 836 Z" fill="url(#glaze)"/>
      <ellipse cx="990" cy="574" rx="28" ry="13" transform="rotate(36 990 574)" fill="${tint(color, -0.5)}"/>
      <path d="${outline}" fill="url(#glaze)"/>
      <g clip-path="url(#body)"><path d="M300 892 C480 920 700 920 880 892 L880 980 L300 980 Z" fill="url(#foot)"/>
        ${speckles({ seed: 51, x: 320, y: 540, width: 540, height: 350, color: spot, count: 150 })}
        <path d="M400 680 C384 740 390 800 420 850" stroke="#fff" stroke-width="30" stroke-linecap="round" fill="none" opacity=".26" filter="url(#near)"/></g>
      <path d="M462 536 C480 470 700 470 718 536 Q590 566 462 536 Z" fill="url(#glaze)"/>
      <path d="M462 536 Q590 566 718 536" fill="none" stroke="${tint(color, -0.45)}" stroke-width="5" opacity=".7"/>
      <circle cx="590" cy="462" r="28" fill="url(#glaze)"/><circle cx="581" cy="452" r="8" fill="${rim}"/>`,
  });
}
