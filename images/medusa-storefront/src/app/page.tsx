// The shop's front page and, with a filter in the address, any part of its catalogue.
import type { Metadata } from 'next';
import { listCategories, listCollections, listProducts, PRODUCTS_PER_PAGE } from '../backend/catalogue.ts';
import type { Category, Collection } from '../backend/shapes.ts';
import { readStore } from '../backend/store.ts';
import { readCurrentRegion } from '../cart/current-cart.ts';
import { Hero } from '../catalogue/hero.tsx';
import { ListControls } from '../catalogue/list-controls.tsx';
import { isFrontPage, type ListQuery, parseListQuery, type SearchParams } from '../catalogue/list-query.ts';
import { NothingFound } from '../catalogue/nothing-found.tsx';
import { Pages } from '../catalogue/pages.tsx';
import { ProductGrid } from '../catalogue/product-grid.tsx';

interface PageProps {
  searchParams: Promise<SearchParams>;
}

export async function generateMetadata({ searchParams }: PageProps): Promise<Metadata> {
  const query = parseListQuery(await searchParams);
  if (isFrontPage(query)) return {};
  const [categories, collections] = await Promise.all([listCategories(), listCollections()]);
  return { title: nameList(query, categories, collections) };
}

export default async function ListPage({ searchParams }: PageProps) {
  const query = parseListQuery(await searchParams);
  const [region, categories, collections, { name: storeName }] = await Promise.all([
    readCurrentRegion(),
    listCategories(),
    listCollections(),
    readStore(),
  ]);
  const category = categories.find(({ handle }) => handle === query.category);
  const collection = collections.find(({ handle }) => handle === query.collection);
  const isUnknown = (query.category && !category) || (query.collection && !collection);
  const { products, count } = isUnknown
    ? { products: [], count: 0 }
    : await listProducts({
        regionId: region.id,
        categoryId: category?.id,
        collectionId: collection?.id,
        text: query.text,
        sort: query.sort,
        page: query.page,
      });
  const isFront = isFrontPage(query);
  return (
    <>
      {isFront && (
        <Hero
          storeName={storeName}
          count={count}
          categories={categories.filter(({ parent_category_id }) => !parent_category_id)}
          products={products}
        />
      )}
      <section id="products" aria-labelledby="list-name">
        {isFront ? (
          <h2 id="list-name" className="visually-hidden">
            Products
          </h2>
        ) : (
          <h1 id="list-name">{nameList(query, categories, collections)}</h1>
        )}
        <ListControls query={query} categories={categories} collections={collections} count={count} />
        {products.length === 0 ? (
          <NothingFound query={query} />
        ) : (
          <ProductGrid products={products} firstPictures={isFront ? 0 : 4} />
        )}
        <Pages query={query} last={Math.ceil(count / PRODUCTS_PER_PAGE)} />
      </section>
    </>
  );
}

function nameList(query: ListQuery, categories: Category[], collections: Collection[]): string {
  if (query.text !== undefined) return `Results for “${query.text}”`;
  const category = categories.find(({ handle }) => handle === query.category);
  const collection = collections.find(({ handle }) => handle === query.collection);
  return category?.name ?? collection?.title ?? 'All products';
}
