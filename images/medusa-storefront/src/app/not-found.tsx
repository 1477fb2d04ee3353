// Whatever is not, or is no longer, in the shop.
import { MessagePage } from '../frame/message-page.tsx';
import button from '../parts/button.module.css';
import { ShopLink } from '../parts/shop-link.tsx';

export default function NotFound() {
  return (
    <MessagePage title="This page is not here" text="It may have moved, or the product may have left the shop.">
      <ShopLink href="/" className={button.primary}>
        See all products
      </ShopLink>
    </MessagePage>
  );
}
