// The frame that all pages of the API process share. Everything that is put into it passes through `escapeHtml`.

export function renderPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M4 12 7 5h18l3 7a4 4 0 0 1-8 0 4 4 0 0 1-8 0 4 4 0 0 1-8 0Z" fill="#c2410c"/><path d="M6 18v9h20v-9" fill="none" stroke="#c2410c" stroke-width="2.5"/></svg>';

const STYLE = `
:root { --ink: #1c1917; --soft: #57534e; --line: #e7e5e4; --paper: #fafaf9; --card: #fff; --accent: #c2410c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f5f5f4; --soft: #a8a29e; --line: #44403c; --paper: #1c1917; --card: #292524; --accent: #fb923c; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 3rem 1.5rem 5rem; }
h1 { font-size: 2.2rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.02em; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.3rem; }
h3 { margin: 1rem 0 .25rem; font-size: .8rem; text-transform: uppercase; letter-spacing: .06em; color: var(--soft); }
p { margin: .5rem 0; }
a { color: var(--accent); }
.lead { font-size: 1.15rem; color: var(--soft); max-width: 42rem; }
.mark { width: 3rem; height: 3rem; display: block; margin-bottom: 1rem; }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); margin-top: 2rem; }
.card, details { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.card { padding: 1rem 1.25rem; text-decoration: none; color: inherit; display: block; }
.card:hover, .card:focus-visible { border-color: var(--accent); }
.card strong { color: var(--accent); }
.card span { display: block; color: var(--soft); font-size: .95rem; }
details { margin: .5rem 0; }
summary { padding: .6rem 1rem; cursor: pointer; display: flex; gap: .75rem; align-items: baseline; flex-wrap: wrap; }
summary .what { color: var(--soft); margin-left: auto; font-size: .95rem; }
.inside { padding: 0 1rem 1rem; border-top: 1px solid var(--line); }
.method { font: 700 .8rem/1 ui-monospace, monospace; min-width: 4rem; color: var(--accent); }
code, pre { font: .88rem/1.5 ui-monospace, monospace; }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: .4rem; padding: .75rem 1rem; overflow-x: auto; margin: .25rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
td, th { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
`;
