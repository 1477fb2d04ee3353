'use client';
// A page that failed while the rest of the shop stands. Trying again asks the server anew.
import { MessagePage } from '../frame/message-page.tsx';
import button from '../parts/button.module.css';

export default function PageError({ retry }: { retry: () => void }) {
  return (
    <MessagePage
      title="That did not work"
      text="The shop could not show this page. Your cart is safe; please try again."
    >
      <button type="button" className={button.primary} onClick={retry}>
        Try again
      </button>
    </MessagePage>
  );
}
