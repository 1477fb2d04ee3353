// Products, categories and collections as shoppers see them: priced for one region, shared between shoppers for a few seconds.
import { requestBackend } from './request-backend.ts';
import type { Category, Collection, Product, ProductSummary } from './shapes.ts';
import { catalogueCache } from './short-cache.ts';

const SUMMARY_FIELDS =
  'id,title,handle,thumbnail,*variants.calculated_price,variants.id,variants.title,variants.manage_inventory,variants.allow_backorder,variants.inventory_quantity';
const PRODUCT_FIELDS = `${SUMMARY_FIELDS},subtitle,description,material,origin_country,weight,*images,*options,*options.values,*variants.options,variants.thumbnail,*collection,*categories`;

// Medusa cannot sort by price, so such lists are sorted here, over as many products as one answer reasonably holds.
const MOST_SORTED_BY_PRICE = 200;
export const PRODUCTS_PER_PAGE = 24;

export const SORT_ORDERS = ['newest', 'price-low', 'price-high', 'name'] as const;
export type SortOrder = (typeof SORT_ORDERS)[number];

export interface ProductQuery {
  regionId: string;
  categoryId?: string | undefined;
  collectionId?: string | undefined;
  text?: string | undefined;
  sort: SortOrder;
  /** Counted from 1. */
  page: number;
}

export interface ProductPage {
  products: ProductSummary[];
  count: number;
}

export function listProducts(wanted: ProductQuery): Promise<ProductPage> {
  return catalogueCache.get(`products ${JSON.stringify(wanted)}`, async () => {
    const isByPrice = wanted.sort === 'price-low' || wanted.sort === 'price-high';
    const from = (wanted.page - 1) * PRODUCTS_PER_PAGE;
    const { products, count } = await requestBackend<ProductPage>('/store/products', {
      query: {
        fields: SUMMARY_FIELDS,
        region_id: wanted.regionId,
        category_id: wanted.categoryId === undefined ? undefined : [wanted.categoryId],
        collection_id: wanted.collectionId === undefined ? undefined : [wanted.collectionId],
        q: wanted.text,
        order: wanted.sort === 'name' ? 'title' : '-created_at',
        limit: isByPrice ? MOST_SORTED_BY_PRICE : PRODUCTS_PER_PAGE,
        offset: isByPrice ? 0 : from,
      },
    });
    if (!isByPrice) return { products, count };
    const sorted = sortByPrice(products, wanted.sort === 'price-low' ? 1 : -1);
    return { products: sorted.slice(from, from + PRODUCTS_PER_PAGE), count: Math.min(count, MOST_SORTED_BY_PRICE) };
  });
}

/** Null when there is no such product in this shop. */
export function findProduct(handle: string, regionId: string): Promise<Product | null> {
  return catalogueCache.get(`product ${regionId} ${handle}`, async () => {
    const { products } = await requestBackend<{ products: Product[] }>('/store/products', {
      query: { handle, region_id: regionId, fields: PRODUCT_FIELDS, limit: 1 },
    });
    return products[0] ?? null;
  });
}

export function listCategories(): Promise<Category[]> {
  return catalogueCache.get('categories', async () => {
    const { product_categories } = await requestBackend<{ product_categories: Category[] }>(
      '/store/product-categories',
      {
        query: { fields: 'id,name,handle,description,parent_category_id', order: 'rank', limit: 50 },
      },
    );
    return product_categories;
  });
}

export function listCollections(): Promise<Collection[]> {
  return catalogueCache.get('collections', async () => {
    const { collections } = await requestBackend<{ collections: Collection[] }>('/store/collections', {
      query: { fields: 'id,title,handle', order: 'title', limit: 50 },
    });
    return collections;
  });
}

function sortByPrice(products: ProductSummary[], direction: 1 | -1): ProductSummary[] {
  return products.toSorted((one, other) => direction * (lowestAmount(one) - lowestAmount(other)));
}

function lowestAmount({ variants }: ProductSummary): number {
  return Math.min(...(variants ?? []).map((variant) => variant.calculated_price?.calculated_amount ?? Infinity));
}
