// The sample catalogue: what a small workshop of ceramics, textiles and coffee would sell. Prices are what a shopper pays,
// in euro and in dollar; pictures are drawn by images/medusa/samples and served by the backend.

export const CATEGORIES = [
  { name: 'Ceramics', handle: 'ceramics', description: 'Stoneware, thrown and glazed by hand in small batches.' },
  { name: 'Textiles', handle: 'textiles', description: 'Linen and wool that grow softer with every wash.' },
  { name: 'Coffee', handle: 'coffee', description: 'Roasted on Mondays, at your door while it is fresh.' },
];

export const COLLECTIONS = [
  { title: 'Slow mornings', handle: 'slow-mornings' },
  { title: 'The long table', handle: 'the-long-table' },
];

export const PRODUCTS = [
  {
    title: 'Dune Mug',
    handle: 'dune-mug',
    subtitle: 'Stoneware, 320 ml',
    description:
      'A mug with a wide, quiet shape and a handle made for three fingers. The foot stays unglazed, so you feel the clay; the glaze is speckled by iron in the stoneware itself, and no two are alike. Safe in the dishwasher and the microwave.',
    category: 'ceramics',
    collection: 'slow-mornings',
    material: 'Stoneware',
    weightGrams: 380,
    option: 'Glaze',
    stock: 60,
    variants: [
      { value: 'Sand', sku: 'MUG-SAND', eur: 24, usd: 26, picture: 'mug-sand' },
      { value: 'Moss', sku: 'MUG-MOSS', eur: 24, usd: 26, picture: 'mug-moss' },
      { value: 'Ink', sku: 'MUG-INK', eur: 24, usd: 26, picture: 'mug-ink' },
    ],
  },
  {
    title: 'Daybreak House Blend',
    handle: 'daybreak-house-blend',
    subtitle: 'Hazelnut, cocoa, a little orange',
    description:
      'Our everyday coffee: washed beans from Huila and natural beans from Cerrado, roasted to a round medium. It forgives a hasty pour and likes milk. Roasted every Monday; the date is on the bag.',
    category: 'coffee',
    collection: 'slow-mornings',
    material: 'Arabica beans',
    weightGrams: 260,
    option: 'Weight',
    stock: 120,
    variants: [
      { value: '250 g', sku: 'COFFEE-DAYBREAK-250', eur: 12.5, usd: 13.5, picture: 'coffee-daybreak' },
      { value: '1 kg', sku: 'COFFEE-DAYBREAK-1000', eur: 42, usd: 45, picture: 'coffee-daybreak' },
    ],
  },
  {
    title: 'Wool Throw',
    handle: 'wool-throw',
    subtitle: '130 × 180 cm',
    description:
      'A heavy throw of undyed and plant-dyed lambswool, woven on a small mill and finished with a hand-knotted fringe. Warm enough for a balcony in October. Air it now and then; it hardly ever needs washing.',
    category: 'textiles',
    collection: 'the-long-table',
    material: 'Lambswool',
    weightGrams: 1250,
    option: 'Colour',
    stock: 18,
    variants: [
      { value: 'Rust', sku: 'THROW-RUST', eur: 129, usd: 139, picture: 'throw-rust' },
      { value: 'Oat', sku: 'THROW-OAT', eur: 129, usd: 139, picture: 'throw-oat' },
      { value: 'Forest', sku: 'THROW-FOREST', eur: 129, usd: 139, picture: 'throw-forest' },
    ],
  },
  {
    title: 'Hearth Teapot',
    handle: 'hearth-teapot',
    subtitle: 'Stoneware and walnut, 0.8 l',
    description:
      'Round, heavy-bottomed and fond of the middle of the table. The spout pours without a drip and the walnut handle stays cool. A fine steel basket for loose leaves is included.',
    category: 'ceramics',
    collection: 'the-long-table',
    material: 'Stoneware, walnut',
    weightGrams: 940,
    option: 'Glaze',
    stock: 14,
    variants: [{ value: 'Moss', sku: 'TEAPOT-MOSS', eur: 68, usd: 74, picture: 'teapot' }],
  },
  {
    title: 'Linen Apron',
    handle: 'linen-apron',
    subtitle: 'One size, long ties',
    description:
      'Stone-washed linen with a pocket wide enough for a tea towel and a narrow one for a spoon. The ties are long, so you can knot them in front. Wash at 40 °C, hang it up damp, forget the iron.',
    category: 'textiles',
    collection: 'the-long-table',
    material: 'Linen',
    weightGrams: 310,
    option: 'Colour',
    stock: 30,
    variants: [
      { value: 'Indigo', sku: 'APRON-INDIGO', eur: 54, usd: 58, picture: 'apron-indigo' },
      { value: 'Flax', sku: 'APRON-FLAX', eur: 54, usd: 58, picture: 'apron-flax' },
    ],
  },
  {
    title: 'Morning Bowl',
    handle: 'morning-bowl',
    subtitle: 'Stoneware, 600 ml',
    description:
      'Deep enough for porridge, wide enough for a salad. It stands on a small bare foot and sits well in one hand on the sofa. Stacks neatly with its sisters.',
    category: 'ceramics',
    collection: 'slow-mornings',
    material: 'Stoneware',
    weightGrams: 520,
    option: 'Glaze',
    stock: 45,
    variants: [
      { value: 'Sand', sku: 'BOWL-SAND', eur: 28, usd: 30, picture: 'bowl-sand' },
      { value: 'Ink', sku: 'BOWL-INK', eur: 28, usd: 30, picture: 'bowl-ink' },
    ],
  },
  {
    title: 'Guji Highland',
    handle: 'guji-highland',
    subtitle: 'Peach, jasmine, black tea',
    description:
      'A single lot from smallholders above 2,000 metres in Guji, Ethiopia. Washed, dried on raised beds and roasted light, so that the flowers stay. At its best as a slow pour, and surprisingly good over ice.',
    category: 'coffee',
    collection: 'slow-mornings',
    material: 'Arabica beans',
    weightGrams: 260,
    option: 'Weight',
    stock: 80,
    variants: [
      { value: '250 g', sku: 'COFFEE-GUJI-250', eur: 15.5, usd: 16.5, picture: 'coffee-guji' },
      { value: '1 kg', sku: 'COFFEE-GUJI-1000', eur: 54, usd: 58, picture: 'coffee-guji' },
    ],
  },
  {
    title: 'Slow Pour Dripper',
    handle: 'slow-pour-dripper',
    subtitle: 'For one or two cups',
    description:
      'A stoneware cone that holds the heat of the water where it belongs. Three spiral ribs inside let the coffee breathe; ordinary size 02 papers fit. Rests on mugs as well as on carafes.',
    category: 'ceramics',
    collection: 'slow-mornings',
    material: 'Stoneware',
    weightGrams: 430,
    option: 'Glaze',
    stock: 25,
    variants: [
      { value: 'Sand', sku: 'DRIPPER-SAND', eur: 36, usd: 39, picture: 'dripper-sand' },
      { value: 'Ink', sku: 'DRIPPER-INK', eur: 36, usd: 39, picture: 'dripper-ink' },
    ],
  },
  {
    title: 'Linen Tea Towel',
    handle: 'linen-tea-towel',
    subtitle: '50 × 70 cm',
    description:
      'Half-linen, woven the old way with a selvedge and a hanging loop. Dries glasses without a trace from the first day and gets better from there.',
    category: 'textiles',
    collection: 'the-long-table',
    material: 'Linen and cotton',
    weightGrams: 95,
    option: 'Pattern',
    stock: 90,
    variants: [
      { value: 'Stripe', sku: 'TOWEL-STRIPE', eur: 16, usd: 17, picture: 'towel-stripe' },
      { value: 'Check', sku: 'TOWEL-CHECK', eur: 16, usd: 17, picture: 'towel-check' },
    ],
  },
  {
    title: 'Supper Plate',
    handle: 'supper-plate',
    subtitle: 'Stoneware, 26 cm',
    description:
      'A flat plate with a rim that keeps the sauce in and the table clean. Oat glaze inside, bare clay along the edge. By itself or as a set of four, which we pack so that it arrives as four.',
    category: 'ceramics',
    collection: 'the-long-table',
    material: 'Stoneware',
    weightGrams: 720,
    option: 'Set',
    stock: 40,
    variants: [
      { value: 'Single', sku: 'PLATE-1', eur: 32, usd: 35, picture: 'plate-single' },
      { value: 'Set of four', sku: 'PLATE-4', eur: 118, usd: 128, picture: 'plate-stack' },
    ],
  },
  {
    title: 'Meadow Vase',
    handle: 'meadow-vase',
    subtitle: 'For dry and fresh stems',
    description:
      'A narrow neck that holds three stems the way three hundred would like to be held. Rust glaze over a bare foot; watertight, so fresh flowers are welcome too.',
    category: 'ceramics',
    collection: 'the-long-table',
    material: 'Stoneware',
    weightGrams: 610,
    option: 'Height',
    stock: 22,
    variants: [
      { value: 'Small', sku: 'VASE-SMALL', eur: 29, usd: 31, picture: 'vase-small' },
      { value: 'Tall', sku: 'VASE-TALL', eur: 39, usd: 42, picture: 'vase-tall' },
    ],
  },
  {
    title: 'Market Tote',
    handle: 'market-tote',
    subtitle: 'Heavy cotton canvas',
    description:
      'Carries two loaves, a bunch of leeks and a kilo of coffee without complaint. Printed by hand with our rising sun; the handles fit over a winter coat.',
    category: 'textiles',
    collection: 'slow-mornings',
    material: 'Cotton canvas',
    weightGrams: 240,
    option: 'Colour',
    stock: 70,
    variants: [{ value: 'Oat', sku: 'TOTE-OAT', eur: 22, usd: 24, picture: 'tote' }],
  },
];
