// What stands above every page: the way home, the search and the cart.
import Form from 'next/form';
import { BagIcon, SearchIcon } from '../parts/icons.tsx';
import { ShopLink } from '../parts/shop-link.tsx';
import styles from './header.module.css';

export function Header({ storeName, itemCount }: { storeName: string; itemCount: number }) {
  return (
    <header className={styles.header}>
      <div className={styles.inside}>
        <ShopLink href="/" className={styles.name}>
          {storeName}
        </ShopLink>
        <Form action="/" prefetch={false} className={styles.search} role="search">
          <SearchIcon />
          <input type="search" name="q" aria-label="Search products" placeholder="Search" autoComplete="off" />
          <button type="submit" className="visually-hidden">
            Search
          </button>
        </Form>
        <ShopLink href="/cart" className={styles.cart}>
          <BagIcon />
          <span>Cart</span>
          {itemCount > 0 && (
            <span className={styles.count}>
              {itemCount}
              <span className="visually-hidden">{itemCount === 1 ? ' item' : ' items'}</span>
            </span>
          )}
        </ShopLink>
      </div>
    </header>
  );
}
