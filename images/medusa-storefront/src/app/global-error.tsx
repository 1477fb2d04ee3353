'use client';
// The last resort, when even the frame of the page failed: it brings its own document and depends on nothing.
import { MessagePage } from '../frame/message-page.tsx';
import '../styles/tokens.css';
import '../styles/base.css';

export default function ShopError() {
  return (
    <html lang="en">
      <body>
        <title>That did not work</title>
        <main>
          <MessagePage title="That did not work" text="The shop is having a moment. Please try again shortly.">
            <a href="/">Try again</a>
          </MessagePage>
        </main>
      </body>
    </html>
  );
}
