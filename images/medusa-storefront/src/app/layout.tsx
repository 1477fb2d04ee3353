// The frame round every page.
import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { listRegions } from '../backend/regions.ts';
import { readStore } from '../backend/store.ts';
import { countCurrentItems, readCurrentRegion } from '../cart/current-cart.ts';
import { Footer } from '../frame/footer.tsx';
import { Header } from '../frame/header.tsx';
import { fontClasses } from './fonts.ts';
import '../styles/tokens.css';
import '../styles/base.css';

// Nothing is known at build time: neither the store nor its backend.
export const dynamic = 'force-dynamic';

export const viewport: Viewport = { themeColor: '#ffffff', colorScheme: 'light' };

export async function generateMetadata(): Promise<Metadata> {
  const { name: storeName } = await readStore();
  return {
    title: { default: storeName, template: `%s – ${storeName}` },
    description: `Shop online at ${storeName}.`,
    icons: { icon: { url: '/favicon.svg', type: 'image/svg+xml' } },
  };
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const [{ name: storeName }, itemCount, region, regions] = await Promise.all([
    readStore(),
    countCurrentItems(),
    readCurrentRegion(),
    listRegions(),
  ]);
  return (
    <html lang="en" className={fontClasses}>
      <body>
        <a className="skip" href="#content">
          Skip to content
        </a>
        <Header storeName={storeName} itemCount={itemCount} />
        <main id="content" tabIndex={-1}>
          {children}
        </main>
        <Footer storeName={storeName} region={region} regions={regions} />
      </body>
    </html>
  );
}
