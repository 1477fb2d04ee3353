// Takes the place of the package `react-country-flag` in the dashboard. That package shows a picture from a public server, which
// would tell it who works in which shop, and shows nothing where the network is closed; this writes the flag as text.
import { createElement } from 'react';

const REGIONAL_INDICATOR_OFFSET = 0x1f1e6 - 'A'.charCodeAt(0);

export default function CountryFlag({ countryCode, svg: _svg, style, ...rest }) {
  const letters = [...countryCode.toUpperCase()];
  const flag = letters.map((letter) => String.fromCodePoint(letter.charCodeAt(0) + REGIONAL_INDICATOR_OFFSET)).join('');
  return createElement('span', { role: 'img', style, ...rest }, flag);
}
