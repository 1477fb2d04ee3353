// Draws the pictures of the sample products into the folder given: `node draw-samples.js FOLDER`. The names are what the
// catalogue, and so every engine's golden database, refers to.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { bowl, dripper, mug, plate, teapot, vase } from './ceramics.js';
import { CHARCOAL, coffeeBag, KRAFT } from './coffee.js';
import { PALETTE } from './scene.js';
import { apron, throwBlanket, tote, towel } from './textiles.js';

const { sand, moss, ink, oat, rust, forest, flax, indigo, cream } = PALETTE;

const PICTURES = {
  'mug-sand': mug({ color: sand, room: 'warm' }),
  'mug-moss': mug({ color: moss, room: 'cool' }),
  'mug-ink': mug({ color: ink, room: 'dusk' }),
  'bowl-sand': bowl({ color: sand, room: 'rose' }),
  'bowl-ink': bowl({ color: ink, room: 'warm' }),
  'plate-single': plate({ color: oat, room: 'cool' }),
  'plate-stack': plate({ color: oat, room: 'cool', count: 4 }),
  'dripper-sand': dripper({ color: sand, room: 'warm' }),
  'dripper-ink': dripper({ color: ink, room: 'rose' }),
  'vase-small': vase({ color: rust, room: 'rose' }),
  'vase-tall': vase({ color: rust, room: 'rose', tall: true }),
  teapot: teapot({ color: moss, room: 'warm' }),
  'towel-stripe': towel({ color: cream, stripe: indigo, pattern: 'stripe', room: 'cool' }),
  'towel-check': towel({ color: cream, stripe: rust, pattern: 'check', room: 'warm' }),
  'throw-oat': throwBlanket({ color: '#d9c9ae', room: 'rose' }),
  'throw-rust': throwBlanket({ color: rust, room: 'warm' }),
  'throw-forest': throwBlanket({ color: forest, room: 'cool' }),
  'apron-flax': apron({ color: flax, room: 'cool' }),
  'apron-indigo': apron({ color: indigo, room: 'warm' }),
  tote: tote({ color: oat, mark: rust, room: 'dusk' }),
  'coffee-daybreak': coffeeBag({ color: KRAFT, label: 'daybreak', room: 'warm' }),
  'coffee-guji': coffeeBag({ color: CHARCOAL, label: 'guji', room: 'cool' }),
};

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
for (const [name, svg] of Object.entries(PICTURES)) {
  await sharp(Buffer.from(svg))
    .webp({ quality: 82, effort: 6 })
    .toFile(join(folder, `${name}.webp`));
}
