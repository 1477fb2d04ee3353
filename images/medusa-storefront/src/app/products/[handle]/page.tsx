// One product, and a few others from the same shelf.
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { findProduct, listProducts } from '../../../backend/catalogue.ts';
import type { Product, ProductSummary } from '../../../backend/shapes.ts';
import { readCurrentRegion } from '../../../cart/current-cart.ts';
import { Breadcrumbs } from '../../../catalogue/breadcrumbs.tsx';
import { ProductGrid } from '../../../catalogue/product-grid.tsx';
import { ProductView } from '../../../catalogue/product-view.tsx';
import styles from './page.module.css';

interface PageProps {
  params: Promise<{ handle: string }>;
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const product = await readProduct(params);
  const description = product.subtitle || product.description?.split('\n')[0];
  return { title: product.title, ...(description ? { description } : {}) };
}

export default async function ProductPage({ params }: PageProps) {
  const product = await readProduct(params);
  const others = await listOthers(product);
  return (
    <>
      <Breadcrumbs category={product.categories?.[0]} title={product.title} />
      <ProductView product={product} />
      {others.length > 0 && (
        <section className={styles.others} aria-labelledby="others">
          <h2 id="others">You may also like</h2>
          <ProductGrid products={others} />
        </section>
      )}
    </>
  );
}

async function readProduct(params: PageProps['params']): Promise<Product> {
  const [{ handle }, region] = await Promise.all([params, readCurrentRegion()]);
  return (await findProduct(decodeURIComponent(handle), region.id)) ?? notFound();
}

async function listOthers(product: Product): Promise<ProductSummary[]> {
  const region = await readCurrentRegion();
  const categoryId = product.categories?.[0]?.id;
  const { products } = await listProducts({ regionId: region.id, categoryId, sort: 'newest', page: 1 });
  return products.filter(({ id }) => id !== product.id).slice(0, 4);
}
