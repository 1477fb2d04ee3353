// A secret that a link brought along, taken out of the address before anybody can copy it from there.
export function takeFromHash(name: string): string | null {
  const value = new URLSearchParams(location.hash.slice(1)).get(name);
  if (value !== null) history.replaceState(history.state, '', location.pathname + location.search);
  return value;
}

// Another link that is opened in the same tab changes nothing but this part of the address, and the page must begin again with it.
addEventListener('hashchange', () => {
  if (location.hash !== '') location.reload();
});
