// What a shopper sees while the store is starting or restarting: one page that needs nothing but itself and tries again alone.

export function renderWakingPage(nonce: string, retryAfterS: number): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta http-equiv="refresh" content="${retryAfterS}">
<title>Opening shortly</title>
<style nonce="${nonce}">
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #fff; color: #1d1e20;
    font: 1.0625rem/1.6 system-ui, sans-serif; text-align: center; }
  main { padding: 2rem; max-width: 26rem; }
  h1 { margin: 1.5rem 0 .5rem; font: 400 2.25rem/1.15 "Instrument Serif", Georgia, serif; }
  p { margin: 0; color: #5c5d60; }
  a { display: inline-block; margin-top: 1.5rem; color: inherit; }
  .sign { width: 4.5rem; height: 4.5rem; margin: 0 auto; border-radius: 50%; background: #f1efea; position: relative; overflow: hidden; }
  .sign::after { content: ""; position: absolute; inset: auto 0 0 0; height: 50%; background: #a8481f; animation: rise 2.4s ease-in-out infinite alternate; }
  @keyframes rise { from { transform: translateY(60%); } to { transform: translateY(-20%); } }
  @media (prefers-reduced-motion: reduce) { .sign::after { animation: none; } }
</style>
</head>
<body>
<main>
  <div class="sign" aria-hidden="true"></div>
  <h1>The shop is waking up</h1>
  <p role="status">It will be open in a moment. This page looks again by itself every few seconds.</p>
  <a href="">Look again now</a>
</main>
</body>
</html>
`;
}
