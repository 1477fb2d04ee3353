// What `medusa exec` runs: store → regions and taxes → warehouse and shipping → catalogue → stock.

import { ContainerRegistrationKeys, Modules } from '@medusajs/framework/utils';
import {
  createCollectionsWorkflow,
  createInventoryLevelsWorkflow,
  createProductCategoriesWorkflow,
  createProductsWorkflow,
  createRegionsWorkflow,
  createShippingOptionsWorkflow,
  createStockLocationsWorkflow,
  createTaxRegionsWorkflow,
  linkSalesChannelsToStockLocationWorkflow,
  updateApiKeysWorkflow,
  updateSalesChannelsWorkflow,
  updateStoresWorkflow,
} from '@medusajs/medusa/core-flows';
import { CATEGORIES, COLLECTIONS, PRODUCTS } from './catalogue.js';
import { EUROPE_VAT_PERCENT, MARKETS, SHIPPING, WORKSHOP } from './markets.js';

const pictureUrl = (name) => `/static/samples/${name}.webp`;

export default async function fillShop({ container }) {
  const run = async (workflow, input) => (await workflow(container).run({ input })).result;
  const shop = await findDefaults(container);
  await describeShop(run, shop);
  const regions = await openMarkets(run);
  const location = await openWorkshop(container, run, shop);
  await run(updateStoresWorkflow, {
    selector: { id: shop.store.id },
    update: { default_region_id: regions[0].id, default_location_id: location.id },
  });
  await fillCatalogue(run, shop);
  await fillShelves(container, run, location);
}

/** Medusa makes a store, a sales channel and a publishable key by itself when it starts with an empty database. */
async function findDefaults(container) {
  const [store] = await container.resolve(Modules.STORE).listStores();
  const [salesChannel] = await container.resolve(Modules.SALES_CHANNEL).listSalesChannels();
  const [apiKey] = await container.resolve(Modules.API_KEY).listApiKeys({ type: 'publishable' });
  const [shippingProfile] = await container.resolve(Modules.FULFILLMENT).listShippingProfiles({ type: 'default' });
  return { store, salesChannel, apiKey, shippingProfile };
}

async function describeShop(run, { store, salesChannel, apiKey }) {
  await run(updateStoresWorkflow, {
    selector: { id: store.id },
    update: {
      // The currency's preference is what makes shipping prices include tax as well; the region's only covers products.
      supported_currencies: MARKETS.map(({ currency, isTaxInclusive }, index) => ({
        currency_code: currency,
        is_default: index === 0,
        is_tax_inclusive: isTaxInclusive,
      })),
      default_sales_channel_id: salesChannel.id,
    },
  });
  await run(updateSalesChannelsWorkflow, {
    selector: { id: salesChannel.id },
    update: { name: 'Online shop', description: 'What shoppers see in the storefront' },
  });
  await run(updateApiKeysWorkflow, { selector: { id: apiKey.id }, update: { title: 'Storefront' } });
}

async function openMarkets(run) {
  const regions = await run(createRegionsWorkflow, {
    regions: MARKETS.map((market) => ({
      name: market.name,
      currency_code: market.currency,
      countries: market.countries,
      payment_providers: ['pp_system_default'],
      automatic_taxes: true,
      is_tax_inclusive: market.isTaxInclusive,
    })),
  });
  await run(
    createTaxRegionsWorkflow,
    MARKETS.flatMap(({ countries }) => countries).map((country) => {
      const rate = EUROPE_VAT_PERCENT[country];
      const tax = rate === undefined ? {} : { default_tax_rate: { rate, name: 'VAT', code: `vat-${country}` } };
      return { country_code: country, provider_id: 'tp_system', ...tax };
    }),
  );
  return regions;
}

async function openWorkshop(container, run, { salesChannel, shippingProfile }) {
  const [location] = await run(createStockLocationsWorkflow, { locations: [WORKSHOP] });
  const link = container.resolve(ContainerRegistrationKeys.LINK);
  const toLocation = { [Modules.STOCK_LOCATION]: { stock_location_id: location.id } };
  await link.create({ ...toLocation, [Modules.FULFILLMENT]: { fulfillment_provider_id: 'manual_manual' } });
  const fulfillmentSet = await container.resolve(Modules.FULFILLMENT).createFulfillmentSets({
    name: 'Workshop shipping',
    type: 'shipping',
    service_zones: MARKETS.map(({ name, countries }) => ({
      name,
      geo_zones: countries.map((country_code) => ({ type: 'country', country_code })),
    })),
  });
  await link.create({ ...toLocation, [Modules.FULFILLMENT]: { fulfillment_set_id: fulfillmentSet.id } });
  await run(linkSalesChannelsToStockLocationWorkflow, { id: location.id, add: [salesChannel.id] });
  await run(
    createShippingOptionsWorkflow,
    fulfillmentSet.service_zones.flatMap((zone) =>
      SHIPPING.map((option) => shippingOption(option, zone, shippingProfile)),
    ),
  );
  return location;
}

function shippingOption({ name, code, description, eur, usd }, zone, shippingProfile) {
  return {
    name,
    price_type: 'flat',
    provider_id: 'manual_manual',
    service_zone_id: zone.id,
    shipping_profile_id: shippingProfile.id,
    type: { label: name, description, code },
    prices: [
      { currency_code: 'eur', amount: eur },
      { currency_code: 'usd', amount: usd },
    ],
    rules: [
      { attribute: 'enabled_in_store', operator: 'eq', value: 'true' },
      { attribute: 'is_return', operator: 'eq', value: 'false' },
    ],
  };
}

async function fillCatalogue(run, { salesChannel, shippingProfile }) {
  const categories = await run(createProductCategoriesWorkflow, {
    product_categories: CATEGORIES.map((category, rank) => ({
      ...category,
      rank,
      is_active: true,
      is_internal: false,
    })),
  });
  const collections = await run(createCollectionsWorkflow, { collections: COLLECTIONS });
  const idOf = (list, handle) => list.find((entry) => entry.handle === handle).id;
  // One after another: their order in the shop is the order in which they were made.
  for (const product of PRODUCTS) {
    const place = {
      shipping_profile_id: shippingProfile.id,
      collection_id: idOf(collections, product.collection),
      category_ids: [idOf(categories, product.category)],
      sales_channels: [{ id: salesChannel.id }],
    };
    await run(createProductsWorkflow, { products: [{ ...describeProduct(product), ...place }] });
  }
}

function describeProduct(product) {
  const pictures = [...new Set(product.variants.map(({ picture }) => picture))];
  return {
    title: product.title,
    handle: product.handle,
    subtitle: product.subtitle,
    description: product.description,
    material: product.material,
    weight: product.weightGrams,
    status: 'published',
    thumbnail: pictureUrl(pictures[0]),
    images: pictures.map((name) => ({ url: pictureUrl(name) })),
    options: [{ title: product.option, values: product.variants.map(({ value }) => value) }],
    variants: product.variants.map(({ value, sku, eur, usd, picture }, rank) => ({
      title: value,
      sku,
      variant_rank: rank,
      thumbnail: pictureUrl(picture),
      options: { [product.option]: value },
      manage_inventory: true,
      prices: [
        { currency_code: 'eur', amount: eur },
        { currency_code: 'usd', amount: usd },
      ],
    })),
  };
}

async function fillShelves(container, run, location) {
  const stockBySku = new Map(PRODUCTS.flatMap(({ stock, variants }) => variants.map(({ sku }) => [sku, stock])));
  const items = await container.resolve(Modules.INVENTORY).listInventoryItems({}, { take: null });
  await run(createInventoryLevelsWorkflow, {
    inventory_levels: items.map((item) => ({
      inventory_item_id: item.id,
      location_id: location.id,
      stocked_quantity: stockBySku.get(item.sku),
    })),
  });
}
