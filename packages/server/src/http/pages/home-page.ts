// What a person sees who opens the platform's address in a browser.
import { ICON, renderPage } from './page.ts';

const CARDS = [
  ['/docs', 'API', 'Every call, with what it takes and what it answers'],
  ['/api/v1/health', 'Health', 'API, database, cluster and workers, as they are now'],
  ['/openapi.json', 'OpenAPI', 'The same for programs: make a client in any language'],
] as const;

export function renderHomePage(): string {
  const cards = CARDS.map(
    ([href, title, text]) => `<a class="card" href="${href}"><strong>${title}</strong><span>${text}</span></a>`,
  );
  const body = `<main>
<div class="mark">${ICON}</div>
<h1>Souk</h1>
<p class="lead">A store provisioning platform. Ask for a shop, and seconds later it is there: isolated, working, and kept so.</p>
<nav class="cards" aria-label="Where to go">
${cards.join('\n')}
</nav>
<h2>The first store</h2>
<pre>./souk store create acme --engine medusa --wait
./souk store open acme</pre>
</main>`;
  return renderPage('Souk', body);
}
