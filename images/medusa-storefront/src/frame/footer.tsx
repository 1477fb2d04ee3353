// What stands below every page; the region can be chosen where the store has more than one.
import type { Region } from '../backend/shapes.ts';
import { ShopLink } from '../parts/shop-link.tsx';
import styles from './footer.module.css';
import { RegionForm } from './region-form.tsx';

interface FooterProps {
  storeName: string;
  region: Region;
  regions: Region[];
}

export function Footer({ storeName, region, regions }: FooterProps) {
  return (
    <footer className={styles.footer}>
      <div className={styles.inside}>
        <p className={styles.name}>{storeName}</p>
        <nav aria-label="Shop" className={styles.links}>
          <ShopLink href="/">All products</ShopLink>
          <ShopLink href="/cart">Cart</ShopLink>
        </nav>
        {regions.length > 1 && (
          <RegionForm
            currentId={region.id}
            regions={regions.map(({ id, name, currency_code }) => ({
              id,
              label: `${name} (${currency_code.toUpperCase()})`,
            }))}
          />
        )}
      </div>
    </footer>
  );
}
